#include "server/index/number_set.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "absl/base/optimization.h"

namespace dnc {
namespace {

// Numbers whose memory accesses overlap. Enough to hide the latency of DRAM, few enough for the
// fetched lines to stay in the first-level cache.
constexpr size_t kGroup = 256;

constexpr uint64_t kAllOnes = ~uint64_t{0};

constexpr Bitmap FullBitmap() {
  Bitmap bitmap{};
  for (uint32_t i = 0; i < kNumbersPerExchange / 64; ++i) bitmap.words[i] = kAllOnes;
  bitmap.words[kNumbersPerExchange / 64] = (uint64_t{1} << (kNumbersPerExchange % 64)) - 1;
  return bitmap;
}

constexpr Bitmap kFullBitmap = FullBitmap();

const BlockRef* EmptyDirectory() {
  static const std::array<BlockRef, kExchangesPerArea> directory;
  return directory.data();
}

// The lines of a group and where to find them.
struct Lookups {
  const BlockRef* entries[kGroup];
  BlockRef blocks[kGroup];
  uint16_t lines[kGroup];
};

// Fetches what the test of `line` in `block` will read first.
inline void Prefetch(BlockRef block, uint32_t line) {
  if (ABSL_PREDICT_TRUE(block.is_bitmap())) {
    __builtin_prefetch(block.data() + line / 8);
    return;
  }
  for (uint32_t unit = 0; unit < block.units(); ++unit) {
    __builtin_prefetch(block.data() + unit * kBlockUnit);
  }
}

// Replaces deltas by the bitmap that answers for the line: the base's, or one that is full or
// empty.
void ResolveDeltas(Lookups& group, const uint16_t* deltas, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    BlockRef& block = group.blocks[deltas[i]];
    const uint32_t line = group.lines[deltas[i]];
    switch (DeltaLookup(block, line)) {
      case DeltaAnswer::kListed:
        block = BlockRef::ToBitmap(&kFullBitmap);
        break;
      case DeltaAnswer::kNotListed:
        block = BlockRef();
        break;
      case DeltaAnswer::kAsBase:
        block = DeltaBase(block);
        break;
    }
    Prefetch(block, line);
  }
}

}  // namespace

NumberSet::NumberSet() { directories_.fill(EmptyDirectory()); }

void NumberSet::set_area(int area_code, AreaSetPtr set) {
  directories_[area_code] = set == nullptr ? EmptyDirectory() : set->directory_;
  areas_[area_code] = std::move(set);
}

bool NumberSet::Contains(Number number) const {
  assert(number < kNumberLimit);
  const AreaSetPtr& set = areas_[AreaCodeOf(number)];
  return set != nullptr && set->Contains(SubscriberOf(number));
}

void NumberSet::MarkGroup(const Number* numbers, size_t count, int bit, uint32_t* results) const {
  Lookups group;
  for (size_t i = 0; i < count; ++i) {
    // What is no number falls into the empty directory behind the last area code.
    const Number number = std::min(numbers[i], kNumberLimit);
    const uint64_t exchange = number / kNumbersPerExchange;
    const uint64_t area_code = exchange / kExchangesPerArea;
    group.lines[i] = static_cast<uint16_t>(number - exchange * kNumbersPerExchange);
    group.entries[i] = directories_[area_code] + (exchange - area_code * kExchangesPerArea);
    __builtin_prefetch(group.entries[i]);
  }
  uint16_t deltas[kGroup];
  size_t delta_count = 0;
  for (size_t i = 0; i < count; ++i) {
    group.blocks[i] = *group.entries[i];
    Prefetch(group.blocks[i], group.lines[i]);
    deltas[delta_count] = static_cast<uint16_t>(i);
    delta_count += group.blocks[i].is_delta() ? 1 : 0;
  }
  ResolveDeltas(group, deltas, delta_count);
  for (size_t i = 0; i < count; ++i) {
    const BlockRef block = group.blocks[i];
    const uint32_t line = group.lines[i];
    const bool listed = ABSL_PREDICT_TRUE(block.is_bitmap()) ? block.bitmap().Test(line)
                                                             : ArrayContains(block, line);
    results[i] |= uint32_t{listed} << bit;
  }
}

void NumberSet::MarkContained(absl::Span<const Number> numbers, int bit,
                              absl::Span<uint32_t> results) const {
  assert(numbers.size() == results.size() && bit >= 0 && bit < 32);
  for (size_t start = 0; start < numbers.size(); start += kGroup) {
    const size_t count = std::min(kGroup, numbers.size() - start);
    MarkGroup(numbers.data() + start, count, bit, results.data() + start);
  }
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
