// Counts loads that have ended since the server started.
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

// Looks at the records of the newest loads; the intake itself counts nothing. Not thread-safe.
class LoadCounter {
 public:
  // Loads asked for before `since` are not counted.
  explicit LoadCounter(absl::Time since) : since_(since) {}

  // The counts by now. Look at least once in a hundred loads.
  const LoadCounts& Update(const Intake& intake);

 private:
  const absl::Time since_;
  std::set<uint64_t> counted_;  // ids among the newest loads
  LoadCounts counts_;
};

}  // namespace dnc
