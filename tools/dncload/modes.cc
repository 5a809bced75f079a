#include "tools/dncload/modes.h"

#include <algorithm>
#include <cmath>

#include "fmt/format.h"
#include "server/base/status_macros.h"
#include "tools/dncload/search.h"

namespace dnc::load {
namespace {

constexpr int kConfirmations = 6;
constexpr double kStepDown = 0.95;

}  // namespace

absl::Status Session::Add(const std::string& name, const SchedulePlan& plan) {
  DNC_ASSIGN_OR_RETURN(RunResult run, Run(parts_, options_.run, name, plan, view_));
  report_->runs.push_back(std::move(run));
  return absl::OkStatus();
}

absl::Status Session::RunOne() {
  DNC_ASSIGN_OR_RETURN(const SchedulePlan plan, PlanOf(options_));
  return Add("run", plan);
}

absl::Status Session::Sweep() {
  std::vector<double> rates = options_.rates;
  if (rates.empty()) {
    const double ratio = std::pow(options_.to / options_.from, 1.0 / (options_.points - 1));
    for (int i = 0; i < options_.points; ++i) rates.push_back(options_.from * std::pow(ratio, i));
  }
  for (const double rate : rates) {
    if (stopped()) break;
    DNC_RETURN_IF_ERROR(
        Add(fmt::format("{}/s", RateText(rate)), PlanAt(options_, rate, options_.seconds)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Probe> Session::ProbeRate(double rate) {
  SchedulePlan plan = PlanAt(options_, rate, options_.probe_seconds);
  // After the first run, connections and caches are warm.
  if (!report_->runs.empty()) plan.warm_up = std::min(plan.warm_up, 0.5);
  DNC_RETURN_IF_ERROR(Add(fmt::format("probe {}/s", RateText(rate)), plan));
  const Probe probe = Judge(report_->runs.back(), options_.p99_limit_ms);
  MarkAsProbe();
  return probe;
}

absl::StatusOr<Probe> Session::ConfirmRate(double rate) {
  DNC_RETURN_IF_ERROR(
      Add(fmt::format("{}/s", RateText(rate)), PlanAt(options_, rate, options_.seconds)));
  const Probe probe = Judge(report_->runs.back(), options_.p99_limit_ms);
  // If it was interrupted, it is the best result available.
  if (!probe.passed && !stopped()) MarkAsProbe();
  return probe;
}

void Session::MarkAsProbe() {
  RunResult& run = report_->runs.back();
  run.probe = true;
  run.measured.series.clear();  // nobody reads it, and there may be many runs
}

absl::Status Session::Search() {
  const SearchLimits limits = {.p99_ms = options_.p99_limit_ms,
                               .least_rate = options_.least_rate,
                               .most_rate = options_.most_rate,
                               .precision = options_.precision};
  DNC_ASSIGN_OR_RETURN(report_->search, SearchRate(
                                            limits, [this](double rate) { return ProbeRate(rate); },
                                            [this] { return stopped(); }));
  return Confirm();
}

absl::Status Session::Confirm() {
  SearchOutcome& search = *report_->search;
  double rate = search.rate;
  search.rate = 0;
  for (int i = 0; i < kConfirmations && rate > 0 && !stopped(); ++i, rate *= kStepDown) {
    DNC_ASSIGN_OR_RETURN(const bool held, load::TryRate(
                                              rate, [this](double at) { return ConfirmRate(at); },
                                              [this] { return stopped(); }, &search.probes));
    if (held) {
      search.rate = rate;
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::Status Session::Overload() {
  OverloadOutcome outcome;
  outcome.capacity = options_.capacity;
  if (outcome.capacity == 0) {
    DNC_RETURN_IF_ERROR(Search());
    outcome.capacity = report_->search->rate;
    if (outcome.capacity == 0) return absl::OkStatus();
  } else {
    DNC_RETURN_IF_ERROR(Add("1x", PlanAt(options_, outcome.capacity, options_.seconds)));
  }
  for (const double times : options_.over) {
    if (stopped()) break;
    DNC_RETURN_IF_ERROR(Add(fmt::format("{:.3g}x", times),
                            PlanAt(options_, outcome.capacity * times, options_.seconds)));
  }
  for (const RunResult& run : report_->runs) {
    outcome.peak_goodput = std::max(outcome.peak_goodput, Summarize(run).goodput);
  }
  report_->overload = outcome;
  return absl::OkStatus();
}

absl::Status Session::Idle() {
  DNC_ASSIGN_OR_RETURN(const auto gap, ParsePair("--gap", options_.gap, true));
  SchedulePlan plan = PlanAt(options_, 1, options_.seconds);
  plan.spacing = Spacing::kGaps;
  plan.name = "idle";
  plan.gap_least = gap.first;
  plan.gap_most = gap.second;
  // At least one call is not measured, because the first one pays for the connection.
  plan.warm_up = std::max(plan.warm_up, gap.second);
  return Add(plan.name, plan);
}

}  // namespace dnc::load
