#include "tools/dncload/options.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "server/base/status_macros.h"

namespace dnc::load {
namespace {

constexpr double kMaxRate = 1e7;
constexpr size_t kMaxParts = 100;

absl::Status BadOption(const std::string& name, const std::string& text, const char* form) {
  return absl::InvalidArgumentError(fmt::format("{} '{}': write {}", name, text, form));
}

// Splits "A:B" into two numbers; `second` is unchanged if there is no colon.
bool SplitPair(absl::string_view text, double* first, double* second) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.empty() || parts.size() > 2 || !absl::SimpleAtod(parts[0], first)) return false;
  return parts.size() == 1 || absl::SimpleAtod(parts[1], second);
}

}  // namespace

absl::StatusOr<std::vector<BatchShare>> ParseBatches(const std::string& text) {
  std::vector<BatchShare> batches;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    double numbers = 0;
    BatchShare batch;
    if (!SplitPair(part, &numbers, &batch.weight) || !(numbers >= 1 && numbers <= 1e6) ||
        numbers != static_cast<int>(numbers) || !(batch.weight > 0 && batch.weight < 1e9) ||
        batches.size() == kMaxParts) {
      return BadOption("--batch", text,
                       "numbers a call, 1 to 1,000,000, or sizes with weights: 1:50,1000:50");
    }
    batch.numbers = static_cast<int>(numbers);
    batches.push_back(batch);
  }
  return batches;
}

absl::StatusOr<std::vector<RateStep>> ParseSteps(const std::string& text) {
  std::vector<RateStep> steps;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    RateStep step;
    if (!SplitPair(part, &step.from, &step.seconds) || !(step.from > 0 && step.from <= kMaxRate) ||
        !(step.seconds > 0 && step.seconds <= kMaxSeconds) || steps.size() == kMaxParts) {
      return BadOption("--steps", text, "RATE:SECONDS,RATE:SECONDS,..., for example 1000:5,2000:5");
    }
    step.to = step.from;
    steps.push_back(step);
  }
  return steps;
}

absl::StatusOr<std::pair<double, double>> ParsePair(const std::string& name,
                                                    const std::string& text, bool ascending) {
  double first = 0;
  double second = 0;
  if (!SplitPair(text, &first, &second) || !(first > 0 && first <= kMaxRate) ||
      !(second > 0 && second <= kMaxRate) || (ascending && first > second)) {
    return BadOption(
        name, text, ascending ? "LEAST:MOST, for example 0.5:5" : "FROM:TO, for example 1000:5000");
  }
  return std::make_pair(first, second);
}

SchedulePlan PlanAt(const Options& options, double rate, double seconds) {
  SchedulePlan plan;
  const bool constant = options.schedule == "constant";
  plan.spacing = constant ? Spacing::kConstant : Spacing::kPoisson;
  plan.name = constant ? "constant" : "poisson";
  plan.steps = {{seconds, rate, rate}};
  plan.warm_up = options.warm_up;
  plan.seed = options.workload.seed;
  return plan;
}

absl::StatusOr<SchedulePlan> PlanOf(const Options& options) {
  SchedulePlan plan = PlanAt(options, options.rate, options.seconds);
  if (options.closed) {
    plan.spacing = Spacing::kClosed;
    plan.name = "closed";
    plan.callers = options.callers;
    return plan;
  }
  plan.name = options.schedule;
  if (options.schedule == "stepped") {
    DNC_ASSIGN_OR_RETURN(plan.steps, ParseSteps(options.steps));
  } else if (options.schedule == "ramped") {
    DNC_ASSIGN_OR_RETURN(const auto ramp, ParsePair("--ramp", options.ramp, false));
    plan.steps = {{options.seconds, ramp.first, ramp.second}};
  } else if (options.schedule == "replayed") {
    plan.spacing = Spacing::kReplayed;
    plan.steps.clear();
    DNC_ASSIGN_OR_RETURN(plan.times, ReadSendTimes(options.times));
  }
  return plan;
}

}  // namespace dnc::load
