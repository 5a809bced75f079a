// Makes a synthetic registry for benchmarks, and the questions to ask it.
//
// 365 area codes with 356 exchanges each, of which 5 to 35 % are listed, make 260 million numbers.
// Smaller and larger registries have fewer and more area codes; above 799 area codes, each gets
// more exchanges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/index/area_set.h"
#include "server/index/number_set.h"

namespace dnc {

inline constexpr int kFirstBenchArea = 201;
inline constexpr uint32_t kBenchExchanges = 356;

// Returns the n-th assigned exchange of an area code, n < 800. Every second one comes first, so
// that half of the rest is empty, then those in between.
uint32_t BenchExchangeAt(uint32_t n);

AreaSetBuilder FillBenchArea(uint64_t seed, uint32_t exchanges = kBenchExchanges);

// Returns the set of about `millions` numbers, and keeps it for the benchmarks of the same size.
// Not thread-safe.
const NumberSet& BenchRegistry(int millions);

std::vector<int> AreaCodesOf(const NumberSet& set);

// Returns how many exchanges are assigned in each area code of such a set.
uint32_t ExchangesOf(const NumberSet& set);

// Returns random numbers of the set's exchanges, every second one listed, shuffled.
std::vector<Number> BenchQuestions(const NumberSet& set, size_t count);

// The machine's own limit: as much memory as a registry takes, in huge pages. Random lines of it
// are fetched in groups, as a lookup fetches them, and nothing else is done.
class RandomLines {
 public:
  static constexpr size_t kGroup = 256;

  explicit RandomLines(size_t bytes);

  // Returns the share of the memory that the kernel did put into huge pages, 0 to 1. Without huge
  // pages a line also costs a walk of the page tables, and is no reference for anything.
  double HugeShare() const;

  // Reads the next group, and returns a sum that depends on each line. `level` is that of the cache
  // into which the lines are fetched, 1 or 2; what others are measured by is 1.
  uint64_t ReadGroup(int level = 1);

 private:
  struct Free {
    void operator()(char* memory) const;
  };

  std::unique_ptr<char, Free> memory_;
  size_t bytes_ = 0;
  std::vector<uint32_t> order_;
  size_t next_ = 0;
};

}  // namespace dnc
