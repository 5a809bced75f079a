#include "tools/dncload/search.h"

#include <algorithm>
#include <cmath>

#include "fmt/format.h"
#include "server/base/status_macros.h"

namespace dnc::load {
namespace {

constexpr double kLeastSensibleRate = 0.5;
constexpr double kUnansweredShare = 0.001;
constexpr int kMisses = 2;
constexpr int kMaxTries = 5;

}  // namespace

Probe Judge(const RunResult& run, double limit_ms) {
  const RunSummary summary = Summarize(run);
  const CallCounts& calls = run.measured.calls;
  Probe probe;
  probe.rate = run.plan.MeanRate();
  probe.p99_ms = static_cast<double>(run.measured.latency.Percentile(0.99)) / 1e6;
  probe.goodput = summary.goodput;
  const auto unanswered = static_cast<double>(calls.scheduled - calls.answered);
  if (calls.answered == 0) {
    probe.why = "no answer";
  } else if (unanswered > kUnansweredShare * static_cast<double>(calls.scheduled)) {
    probe.why = fmt::format("{:.3g} % of the calls had no answer",
                            100 * unanswered / static_cast<double>(calls.scheduled));
  } else if (summary.kept_up != KeptUp::kYes) {
    probe.why = fmt::format("the {} could not keep up",
                            summary.kept_up == KeptUp::kClientNot ? "CLIENT" : "server");
  } else if (probe.p99_ms > limit_ms) {
    probe.why = "p99 above the limit";
  } else {
    probe.passed = true;
  }
  probe.client_stalled = summary.client_stalled || summary.kept_up == KeptUp::kClientNot;
  if (!probe.passed && summary.client_stalled) probe.why += "; the client stalled";
  return probe;
}

absl::StatusOr<bool> TryRate(double rate,
                             const std::function<absl::StatusOr<Probe>(double rate)>& probe,
                             const std::function<bool()>& stop, std::vector<Probe>* probes) {
  int misses = 0;
  for (int tries = 0; tries < kMaxTries && misses < kMisses && !stop(); ++tries) {
    DNC_ASSIGN_OR_RETURN(const Probe tried, probe(rate));
    if (stop()) break;  // an interrupted run tells nothing
    probes->push_back(tried);
    if (tried.passed) return true;
    if (!tried.client_stalled) ++misses;
  }
  return false;
}

absl::StatusOr<SearchOutcome> SearchRate(
    const SearchLimits& limits, const std::function<absl::StatusOr<Probe>(double rate)>& probe,
    const std::function<bool()>& stop) {
  SearchOutcome outcome;
  outcome.limit_ms = limits.p99_ms;
  double holds = 0;
  double misses = 0;
  const auto step = [&](double rate) -> absl::StatusOr<bool> {
    DNC_ASSIGN_OR_RETURN(const bool held, TryRate(rate, probe, stop, &outcome.probes));
    (held ? holds : misses) = rate;
    return held;
  };
  double rate = std::min(limits.least_rate, limits.most_rate);
  while (!stop()) {
    DNC_ASSIGN_OR_RETURN(const bool held, step(rate));
    if (held && (misses > 0 || rate >= limits.most_rate)) break;
    if (!held && (holds > 0 || rate / 2 < kLeastSensibleRate)) break;
    rate = held ? std::min(rate * 2, limits.most_rate) : rate / 2;
  }
  while (!stop() && holds > 0 && misses > holds * (1 + limits.precision)) {
    DNC_RETURN_IF_ERROR(step(std::sqrt(holds * misses)).status());
  }
  outcome.rate = holds;
  return outcome;
}

}  // namespace dnc::load
