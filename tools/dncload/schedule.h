// Decides when calls are intended to be sent. This is fixed before the run, whatever the server
// does.
//
//   SchedulePlan plan;
//   plan.steps = {{.seconds = 10, .from = 1000, .to = 1000}};
//   auto schedule = MakeSchedule(plan, 0, 1);
//   while (std::optional<int64_t> at = schedule->Next()) { ... }
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace dnc::load {

enum class Spacing {
  kPoisson,   // independent callers: exponential gaps
  kConstant,  // equal gaps
  kGaps,      // one call after the other, with gaps uniform between two limits
  kReplayed,  // at the times in a file
  kClosed,    // no schedule: a caller asks again when it has its answer
};

// A stretch of time in which the rate goes linearly from `from` to `to`.
struct RateStep {
  double seconds = 0;
  double from = 0;  // calls a second
  double to = 0;
};

struct SchedulePlan {
  Spacing spacing = Spacing::kPoisson;
  std::string name = "poisson";  // as the user chose it, for the report
  // For Poisson and constant schedules; for a closed loop only its length.
  std::vector<RateStep> steps;
  std::vector<int64_t> times;  // for a replay: ns from the start, ascending
  double gap_least = 0;        // for gaps: seconds
  double gap_most = 0;
  int callers = 1;     // for a closed loop: how many ask at the same time
  double warm_up = 0;  // seconds before the measured time; its calls are not measured
  uint64_t seed = 1;

  // Returns the measured time in seconds, without the warm-up.
  double Seconds() const;
  // Returns the intended calls a second over the measured time; 0 for a closed loop.
  double MeanRate() const;
};

// Not thread-safe.
class Schedule {
 public:
  virtual ~Schedule() = default;
  // Returns the next intended send time, in ns from the start of the warm-up, ascending; nullopt at
  // the end.
  virtual std::optional<int64_t> Next() = 0;
};

// Makes part `part` of `parts`. Together the parts are exactly the schedule, so the number of
// threads does not change it. The plan must outlive it. Not for a closed loop.
std::unique_ptr<Schedule> MakeSchedule(const SchedulePlan& plan, int part, int parts);

// Reads send times from a text file with one per line: seconds from the start (decimals allowed),
// in any order. The least one becomes 0. Blank lines and lines with # are ignored. Fails with
// NOT_FOUND, or with INVALID_ARGUMENT and the line's number, also for more than 50 million lines.
absl::StatusOr<std::vector<int64_t>> ReadSendTimes(const std::string& path);

}  // namespace dnc::load
