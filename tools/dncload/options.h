// What a user asks of dncload.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/dncload/run.h"
#include "tools/dncload/schedule.h"
#include "tools/dncload/target.h"
#include "tools/dncload/workload.h"

namespace dnc::load {

// The longest that a run, or a step of one, may be asked to last.
inline constexpr double kMaxSeconds = 7 * 86400;

struct Options {
  TargetOptions target;
  RunOptions run;
  WorkloadOptions workload;
  std::string batches = "1000";
  std::string base;     // folder of a full list of dncgen
  std::string changes;  // a change list that the server holds too
  std::string numbers;  // used instead of a list: a CSV of numbers
  std::string column;
  std::string locality = "uniform";
  int campaign_areas = 3;

  std::string schedule = "poisson";
  double rate = 1000;
  double seconds = 10;
  double warm_up = 2;
  std::string steps;
  std::string ramp;
  std::string times;
  bool closed = false;
  int callers = 1;

  std::vector<double> rates;  // for sweep
  double from = 0;
  double to = 0;
  int points = 8;

  double p99_limit_ms = 2;  // for search and overload
  double probe_seconds = 3;
  double precision = 0.05;
  double least_rate = 100;
  double most_rate = 1e6;

  std::vector<double> over = {2, 5, 10};  // for overload
  double capacity = 0;

  std::string gap = "0.5:5";  // for idle

  int server_pid = 0;
  std::string server_metrics;
  std::string server_machine;

  std::string json;  // these are files to write; - is stdout
  std::string html;
  bool brief = false;
};

// Reads "1000" or "1:50,1000:50": numbers a call with their weights.
absl::StatusOr<std::vector<BatchShare>> ParseBatches(const std::string& text);
// Reads "1000:5,2000:10": calls a second for so many seconds, one after the other.
absl::StatusOr<std::vector<RateStep>> ParseSteps(const std::string& text);
// Reads "FROM:TO", both above 0, with FROM at most TO if `ascending`.
absl::StatusOr<std::pair<double, double>> ParsePair(const std::string& name,
                                                    const std::string& text, bool ascending);

// Makes the schedule of mode `run`. Fails with INVALID_ARGUMENT, or as ReadSendTimes does.
absl::StatusOr<SchedulePlan> PlanOf(const Options& options);
// Makes a schedule of one rate with the chosen spacing.
SchedulePlan PlanAt(const Options& options, double rate, double seconds);

}  // namespace dnc::load
