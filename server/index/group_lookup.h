// The lookup of a group of numbers in one set, in three steps with other work between them, so that
// what one step asks memory for has come when the next one reads it:
//
//   Fetch     finds the block of each number and prefetches the line that answers
//   Resolve   where that is a delta, reads it and, if need be, prefetches the line of its base
//   Test      answers: bit i is set if number i is listed
#pragma once

#include <cstdint>

#include "server/base/cpu_level.h"
#include "server/index/area_set.h"
#include "server/index/exchange_block.h"
#include "server/index/number_group.h"

namespace dnc {

// Not thread-safe. The steps in this order, with the same group, as long as the set lives.
class GroupLookup {
 public:
  // `areas`: of each area code, and of kNoArea.
  void Fetch(const NumberGroup& group, const AreaView* areas);
  void Resolve(const NumberGroup& group);
  uint64_t Test(const NumberGroup& group) const;

  // The same in a given way, which must be supported.
  uint64_t TestWith(CpuLevel level, const NumberGroup& group) const;

 private:
  void FetchElsewhere(const NumberGroup& group, const AreaView* areas);
  uint64_t TestArrays(const NumberGroup& group) const;

  // The word of a bitmap in which the number's bit is, for all numbers but those in arrays_.
  const uint64_t* words_[kGroupSize];
  BlockRef blocks_[kGroupSize];  // of those in arrays_ and deltas_
  uint64_t arrays_ = 0;
  uint64_t deltas_ = 0;
};

// Groups under way at the same time: one in each step.
inline constexpr size_t kGroupsAhead = 3;

// Calls the steps for the groups of `numbers` numbers, each of them for group 0, 1, ... in order,
// and for a group one after the other with the steps of its neighbours between them. What a step
// keeps of group g may lie at g % kGroupsAhead.
template <typename Fetch, typename Resolve, typename Test>
void InGroups(size_t numbers, const Fetch& fetch, const Resolve& resolve, const Test& test) {
  const size_t groups = (numbers + kGroupSize - 1) / kGroupSize;
  for (size_t step = 0; step < groups + 2; ++step) {
    if (step < groups) fetch(step);
    if (step >= 1 && step - 1 < groups) resolve(step - 1);
    if (step >= 2) test(step - 2);
  }
}

}  // namespace dnc
