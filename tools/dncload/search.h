// Searches for the highest rate at which a server keeps a promise.
#pragma once

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/dncload/report.h"

namespace dnc::load {

struct SearchLimits {
  double p99_ms = 2;
  double least_rate = 100;  // the search begins here
  double most_rate = 1e6;   // and ends here
  double precision = 0.05;  // it stops when the highest that passed and the least that did not
                            // differ by less than this share
};

// Judges whether a run kept the promise: p99 within the limit, at least 99.9 % of the calls
// answered, and the schedule kept. `why` says what it missed.
Probe Judge(const RunResult& run, double limit_ms);

// Tries a rate until it holds or has missed twice, and returns whether it held. Misses while the
// client stalled count only after some more tries, because another program on the machine is no
// limit of the server. Adds each try to `probes`. `probe` runs a rate; its error ends the tries,
// and so does `stop`.
absl::StatusOr<bool> TryRate(double rate,
                             const std::function<absl::StatusOr<Probe>(double rate)>& probe,
                             const std::function<bool()>& stop, std::vector<Probe>* probes);

// Doubles the rate until one misses (or halves it until one holds), then halves the interval. Each
// rate is tried by TryRate.
absl::StatusOr<SearchOutcome> SearchRate(
    const SearchLimits& limits, const std::function<absl::StatusOr<Probe>(double rate)>& probe,
    const std::function<bool()>& stop);

}  // namespace dnc::load
