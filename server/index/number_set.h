// The exact set of the listed numbers of one list: an AreaSet for each area code.
//
// It is immutable, and copying it with one area code replaced is cheap. So a new version of a list
// shares all other area codes with the previous one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/types/span.h"
#include "server/index/area_set.h"
#include "server/index/group_lookup.h"
#include "server/index/number_group.h"
#include "server/numbers/phone_number.h"

namespace dnc {

// A value: copy it, change the copy, publish it as const. Const use is thread-safe.
class NumberSet {
 public:
  NumberSet();
  // A move is a copy, so that no set is left whose views point nowhere.
  NumberSet(const NumberSet&) = default;
  NumberSet& operator=(const NumberSet&) = default;

  // Returns null if the area code has no numbers.
  const AreaSetPtr& area(int area_code) const { return areas_[area_code]; }
  void set_area(int area_code, AreaSetPtr set);

  // Requires `number` < kNumberLimit.
  bool Contains(Number number) const;

  // Sets bit `bit` (0 to 31) of results[i] if numbers[i] is in the set, and leaves the other bits.
  // Numbers of kNumberLimit and above are in no set. The memory accesses of neighboring numbers
  // overlap, so this is far faster than Contains in a loop. The spans have the same size.
  void ContainsBatch(absl::Span<const Number> numbers, int bit, absl::Span<uint32_t> results) const;

  // Does the first step of a group's lookup, for callers that look it up in several sets at once.
  void Fetch(const NumberGroup& group, GroupLookup& lookup) const {
    lookup.Fetch(group, views_.data());
  }

  uint64_t size() const;
  size_t memory_bytes() const;

 private:
  std::array<AreaSetPtr, kAreaCodes> areas_;
  // One view for each area code, and one more, always empty, for malformed numbers.
  std::array<AreaView, kAreaCodes + 1> views_;
};

}  // namespace dnc
