// Counts the loads that have ended since the server started.
#pragma once

#include <cstdint>
#include <set>

#include "absl/time/time.h"
#include "server/intake/intake.h"

namespace dnc {

struct LoadCounts {
  uint64_t succeeded = 0;
  uint64_t refused = 0;
};

// Counts from the records of the newest loads, since the intake keeps no counts. Not thread-safe.
class LoadCounter {
 public:
  // Does not count loads that were requested before `since`.
  explicit LoadCounter(absl::Time since) : since_(since) {}

  // Returns the counts so far. Call it at least once in a hundred loads.
  const LoadCounts& Update(const Intake& intake);

 private:
  const absl::Time since_;
  std::set<uint64_t> counted_;  // loads among the newest that are counted already
  LoadCounts counts_;
};

}  // namespace dnc
