// When calls are meant to be sent: fixed before the run, whatever the server does.
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
  kGaps,      // one call after the other, gaps uniform between two limits
  kReplayed,  // as a file tells
  kClosed,    // no schedule: a caller asks again when it has its answer
};

// A stretch of time in which the rate goes from `from` to `to` evenly.
struct RateStep {
  double seconds = 0;
  double from = 0;  // calls a second
  double to = 0;
};

struct SchedulePlan {
  Spacing spacing = Spacing::kPoisson;
  std::string name = "poisson";  // as the user chose it, for the report
  std::vector<RateStep> steps;   // Poisson and constant; closed: its length
  std::vector<int64_t> times;    // replayed: ns from the start, ascending
  double gap_least = 0;          // gaps: seconds
  double gap_most = 0;
  int callers = 1;     // closed: how many ask at the same time
  double warm_up = 0;  // seconds before the measured time, with calls that are not measured
  uint64_t seed = 1;

  // The measured time, without the warm-up.
  double Seconds() const;
  // Calls a second over the measured time that are meant to be sent; 0 for a closed loop.
  double MeanRate() const;
};

// Not thread-safe.
class Schedule {
 public:
  virtual ~Schedule() = default;
  // The next intended send time in ns from the start of the warm-up, ascending; nothing at the end.
  virtual std::optional<int64_t> Next() = 0;
};

// Part `part` of `parts`: together the parts are exactly the schedule, so that the number of
// threads does not change it. The plan must outlive it. Not for a closed loop.
std::unique_ptr<Schedule> MakeSchedule(const SchedulePlan& plan, int part, int parts);

// Send times from a text file, a line each: seconds from the start (decimals allowed), in any
// order; the least becomes 0. Blank lines and lines with # are left out. Errors: NOT_FOUND,
// INVALID_ARGUMENT with the line's number; more than 50 million lines.
absl::StatusOr<std::vector<int64_t>> ReadSendTimes(const std::string& path);

}  // namespace dnc::load
