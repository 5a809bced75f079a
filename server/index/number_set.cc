#include "server/index/number_set.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "absl/base/optimization.h"

namespace dnc {
namespace {

AreaView EmptyView() {
  static const AreaDirectory directory{};  // all offsets are 0, where the empty bitmap is
  return {reinterpret_cast<const uint8_t*>(&kEmptyBitmap), &directory};
}

}  // namespace

NumberSet::NumberSet() { views_.fill(EmptyView()); }

void NumberSet::set_area(int area_code, AreaSetPtr set) {
  views_[area_code] = set == nullptr ? EmptyView() : set->view();
  areas_[area_code] = std::move(set);
}

bool NumberSet::Contains(Number number) const {
  assert(number < kNumberLimit);
  const AreaSetPtr& set = areas_[AreaCodeOf(number)];
  return set != nullptr && set->Contains(SubscriberOf(number));
}

void NumberSet::ContainsBatch(absl::Span<const Number> numbers, int bit,
                              absl::Span<uint32_t> results) const {
  assert(numbers.size() == results.size() && bit >= 0 && bit < 32);
  std::array<NumberGroup, kGroupsAhead> groups;
  std::array<GroupLookup, kGroupsAhead> lookups;
  InGroups(
      numbers.size(),
      [&](size_t g) {
        Split(numbers.subspan(g * kGroupSize, kGroupSize), groups[g % kGroupsAhead]);
        Fetch(groups[g % kGroupsAhead], lookups[g % kGroupsAhead]);
      },
      [&](size_t g) { lookups[g % kGroupsAhead].Resolve(groups[g % kGroupsAhead]); },
      [&](size_t g) {
        const NumberGroup& group = groups[g % kGroupsAhead];
        const uint64_t listed = lookups[g % kGroupsAhead].Test(group);
        uint32_t* out = results.data() + g * kGroupSize;
        for (size_t i = 0; i < group.count; ++i) {
          out[i] |= static_cast<uint32_t>(listed >> i & 1) << bit;
        }
      });
}

uint64_t NumberSet::size() const {
  uint64_t size = 0;
  for (const AreaSetPtr& set : areas_) size += set == nullptr ? 0 : set->size();
  return size;
}

size_t NumberSet::memory_bytes() const {
  size_t bytes = sizeof(NumberSet);
  for (const AreaSetPtr& set : areas_) bytes += set == nullptr ? 0 : set->memory_bytes();
  return bytes;
}

}  // namespace dnc
