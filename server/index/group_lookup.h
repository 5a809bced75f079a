// Looks up a group of numbers in one set. It takes three steps, with other work between them, so
// that what one step requests from memory has arrived when the next one reads it:
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

// Call the steps in this order, with the same group, while the set lives. Not thread-safe.
class GroupLookup {
 public:
  // `areas` has an entry for each area code, and one for kNoArea.
  void Fetch(const NumberGroup& group, const AreaView* areas);
  void Resolve(const NumberGroup& group);
  uint64_t Test(const NumberGroup& group) const;

  // Does the same with the instructions of `level`, which the processor must support.
  uint64_t TestWith(CpuLevel level, const NumberGroup& group) const;

 private:
  void FetchElsewhere(const NumberGroup& group, const AreaView* areas);
  uint64_t TestArrays(const NumberGroup& group) const;

  // The word of a bitmap that has the number's bit, for all numbers except those in arrays_.
  const uint64_t* words_[kGroupSize];
  BlockRef blocks_[kGroupSize];  // set for the numbers in arrays_ and deltas_
  uint64_t arrays_ = 0;
  uint64_t deltas_ = 0;
};

// So many groups are under way at the same time: one is fetched, one is resolved, one is tested,
// and the lines of the others are on their way. With two the engine took 1.9 times as long, and
// with six as long as with four (build/bin/bench_handler, AMD EPYC).
inline constexpr size_t kGroupsAhead = 4;

// Calls the steps for the groups of `numbers` numbers. Each step sees group 0, 1, ... in order. For
// one group the steps follow each other, with those of its neighbors in between. What a step stores
// for group g may be at g % kGroupsAhead.
template <typename Fetch, typename Resolve, typename Test>
void InGroups(size_t numbers, const Fetch& fetch, const Resolve& resolve, const Test& test) {
  const size_t groups = (numbers + kGroupSize - 1) / kGroupSize;
  // How many groups these are behind the one that is fetched.
  constexpr size_t kTested = kGroupsAhead - 1;
  constexpr size_t kResolved = kTested - 1;
  for (size_t step = 0; step < groups + kTested; ++step) {
    if (step < groups) fetch(step);
    if (step >= kResolved && step - kResolved < groups) resolve(step - kResolved);
    if (step >= kTested) test(step - kTested);
  }
}

}  // namespace dnc
