// A schedule whose rate changes is made from one with rate 1, whose calls follow each other after
// random or equal gaps. The call that comes there at t seconds is sent when the area under the
// changing rate has grown to t:
//
//   rate  |        ____
//         |   ____/####|____
//         |__/####area#|
//         +------------x------> time           the call is sent at x
//
// Several threads share a schedule: each takes every n-th call of it.
#include "tools/dncload/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <numeric>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "tools/dncgen/random.h"

namespace dnc::load {
namespace {

constexpr double kNanoseconds = 1e9;
constexpr size_t kMaxSendTimes = 50'000'000;

double Area(const RateStep& step) { return step.seconds * (step.from + step.to) / 2; }

// Calls at a rate that changes over time: the calls of a schedule with rate 1, each moved to the
// time at which the integral of the rate is as large.
class RateSchedule final : public Schedule {
 public:
  RateSchedule(std::vector<RateStep> steps, Spacing spacing, uint64_t seed)
      : steps_(std::move(steps)),
        spacing_(spacing),
        random_(seed, Purpose::kLoad, {1}),
        wanted_(spacing == Spacing::kConstant ? -0.5 : 0) {}

  std::optional<int64_t> Next() override {
    wanted_ += spacing_ == Spacing::kConstant ? 1 : -std::log1p(-random_.Unit());
    while (at_ < steps_.size() && wanted_ - passed_ >= Area(steps_[at_])) {
      passed_ += Area(steps_[at_]);
      begun_ += steps_[at_].seconds;
      ++at_;
    }
    if (at_ == steps_.size()) return std::nullopt;
    const RateStep& step = steps_[at_];
    const double left = wanted_ - passed_;
    const double slope = (step.to - step.from) / step.seconds;
    // This form of the root of from * x + slope * x² / 2 = left is also valid for slope 0.
    const double root = std::sqrt(std::max(0.0, step.from * step.from + 2 * slope * left));
    const double seconds = begun_ + 2 * left / (step.from + root);
    return static_cast<int64_t>(seconds * kNanoseconds);
  }

 private:
  const std::vector<RateStep> steps_;
  const Spacing spacing_;
  Random random_;
  double wanted_;      // the time of the next call in the schedule with rate 1
  size_t at_ = 0;      // the current step
  double passed_ = 0;  // calls of the steps before it
  double begun_ = 0;   // seconds at its start
};

class GapSchedule final : public Schedule {
 public:
  explicit GapSchedule(const SchedulePlan& plan)
      : plan_(plan), random_(plan.seed, Purpose::kLoad, {2}) {}

  std::optional<int64_t> Next() override {
    at_ += plan_.gap_least + random_.Unit() * (plan_.gap_most - plan_.gap_least);
    if (at_ >= plan_.warm_up + plan_.Seconds()) return std::nullopt;
    return static_cast<int64_t>(at_ * kNanoseconds);
  }

 private:
  const SchedulePlan& plan_;
  Random random_;
  double at_ = 0;
};

// Has the warm-up at the mean rate, and then the times of the file.
class ReplaySchedule final : public Schedule {
 public:
  explicit ReplaySchedule(const SchedulePlan& plan)
      : plan_(plan),
        warm_up_({{plan.warm_up, plan.MeanRate(), plan.MeanRate()}}, Spacing::kPoisson, plan.seed) {
  }

  std::optional<int64_t> Next() override {
    if (warming_) {
      if (const auto at = warm_up_.Next()) return at;
      warming_ = false;
    }
    if (next_ == plan_.times.size()) return std::nullopt;
    return plan_.times[next_++] + static_cast<int64_t>(plan_.warm_up * kNanoseconds);
  }

 private:
  const SchedulePlan& plan_;
  RateSchedule warm_up_;
  bool warming_ = true;
  size_t next_ = 0;
};

// Has every `parts`-th call of a schedule, from call `part` on.
class PartOfSchedule final : public Schedule {
 public:
  PartOfSchedule(std::unique_ptr<Schedule> whole, int part, int parts)
      : whole_(std::move(whole)), skip_(part), parts_(parts) {}

  std::optional<int64_t> Next() override {
    for (; skip_ > 0; --skip_) {
      if (!whole_->Next()) return std::nullopt;
    }
    skip_ = parts_ - 1;
    return whole_->Next();
  }

 private:
  const std::unique_ptr<Schedule> whole_;
  int skip_;
  const int parts_;
};

std::unique_ptr<Schedule> MakeWhole(const SchedulePlan& plan) {
  if (plan.spacing == Spacing::kGaps) return std::make_unique<GapSchedule>(plan);
  if (plan.spacing == Spacing::kReplayed) return std::make_unique<ReplaySchedule>(plan);
  std::vector<RateStep> steps = plan.steps;
  if (plan.warm_up > 0 && !steps.empty()) {
    steps.insert(steps.begin(), {plan.warm_up, steps[0].from, steps[0].from});
  }
  return std::make_unique<RateSchedule>(std::move(steps), plan.spacing, plan.seed);
}

}  // namespace

double SchedulePlan::Seconds() const {
  if (spacing == Spacing::kReplayed && !times.empty()) {
    return std::max(static_cast<double>(times.back()) / kNanoseconds, 0.001);
  }
  return std::accumulate(steps.begin(), steps.end(), 0.0,
                         [](double sum, const RateStep& step) { return sum + step.seconds; });
}

double SchedulePlan::MeanRate() const {
  if (spacing == Spacing::kClosed) return 0;
  if (spacing == Spacing::kGaps) return 2 / (gap_least + gap_most);
  if (spacing == Spacing::kReplayed) return static_cast<double>(times.size()) / Seconds();
  double calls = 0;
  for (const RateStep& step : steps) calls += Area(step);
  return calls / Seconds();
}

std::unique_ptr<Schedule> MakeSchedule(const SchedulePlan& plan, int part, int parts) {
  auto whole = MakeWhole(plan);
  if (parts == 1) return whole;
  return std::make_unique<PartOfSchedule>(std::move(whole), part, parts);
}

absl::StatusOr<std::vector<int64_t>> ReadSendTimes(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(fmt::format("{}: {}", path, std::strerror(errno)));
  std::vector<int64_t> times;
  std::string line;
  for (uint64_t number = 1; std::getline(file, line); ++number) {
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    if (text.empty() || text[0] == '#') continue;
    double seconds = 0;
    if (!absl::SimpleAtod(text, &seconds) || !(std::abs(seconds) < 1e9)) {
      return absl::InvalidArgumentError(
          fmt::format("{}, line {}: no time; write seconds from the start, a line each, such as "
                      "0.0125",
                      path, number));
    }
    if (times.size() == kMaxSendTimes) {
      return absl::InvalidArgumentError(
          fmt::format("{} has more than {} lines; split it", path, kMaxSendTimes));
    }
    times.push_back(static_cast<int64_t>(seconds * kNanoseconds));
  }
  if (file.bad()) return absl::InternalError(fmt::format("{} can't be read to its end", path));
  if (times.empty()) return absl::InvalidArgumentError(fmt::format("{} holds no time", path));
  std::sort(times.begin(), times.end());
  const int64_t first = times.front();
  for (int64_t& time : times) time -= first;
  return times;
}

}  // namespace dnc::load
