#include "server/base/activity.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "absl/status/status.h"
#include "server/base/method.h"

namespace dnc {
namespace {

// The methods that decide about numbers.
constexpr std::array kDeciding = {Method::kScrub, Method::kScrubStream, Method::kCheckNumber,
                                  Method::kHttpScrub};

// The time that a share of the answers took at most.
absl::Duration BoundOf(const std::array<uint64_t, kBucketCount>& latency, uint64_t answers,
                       double share) {
  if (answers == 0) return absl::ZeroDuration();
  const auto rank = static_cast<uint64_t>(std::ceil(share * static_cast<double>(answers)));
  uint64_t seen = 0;
  int bucket = 0;
  for (; bucket < kBoundCount - 1; ++bucket) {
    seen += latency.at(static_cast<size_t>(bucket));
    if (seen >= rank) break;
  }
  return absl::Nanoseconds(static_cast<int64_t>(BucketBound(bucket)));
}

}  // namespace

Activity::Activity(const Metrics* metrics, const Clock* clock)
    : metrics_(metrics),
      clock_(clock),
      last_(CountsOf(metrics->Sum())),
      first_(Now()),
      newest_(first_),
      ring_(kMinutes) {}

int64_t Activity::Now() const { return absl::ToUnixSeconds(clock_->Now()) / 60; }

Activity::Counts Activity::CountsOf(const MetricsSum& sum) {
  Counts counts;
  counts.numbers = sum.numbers;
  for (const Method method : kDeciding) {
    const auto at = static_cast<size_t>(method);
    const auto& calls = sum.calls.at(at);
    for (size_t code = 0; code < calls.size(); ++code) {
      if (code != static_cast<size_t>(absl::StatusCode::kOk)) counts.failed_calls += calls.at(code);
    }
    for (size_t i = 0; i < counts.latency.size(); ++i) {
      counts.latency.at(i) += sum.latency.at(at).buckets.at(i);
    }
  }
  return counts;
}

void Activity::Sample() {
  const absl::MutexLock lock(&mutex_);
  SampleLocked();
}

void Activity::SampleLocked() {
  // A clock that goes back a moment must not write into the past.
  newest_ = std::max(newest_, Now());
  Minute& minute = ring_.at(static_cast<size_t>(newest_ % kMinutes));
  if (minute.minute != newest_) {
    minute = {};
    minute.minute = newest_;
  }
  const Counts now = CountsOf(metrics_->Sum());
  minute.failed_calls += now.failed_calls - last_.failed_calls;
  for (size_t i = 0; i < now.numbers.size(); ++i) {
    minute.numbers.at(i) += now.numbers.at(i) - last_.numbers.at(i);
  }
  for (size_t i = 0; i < now.latency.size(); ++i) {
    minute.latency.at(i) += static_cast<uint32_t>(now.latency.at(i) - last_.latency.at(i));
  }
  last_ = now;
}

void Activity::Add(int64_t minute, Counts* sum) const {
  const Minute& kept = ring_.at(static_cast<size_t>(minute % kMinutes));
  if (kept.minute != minute) return;
  sum->failed_calls += kept.failed_calls;
  for (size_t i = 0; i < kept.numbers.size(); ++i) sum->numbers.at(i) += kept.numbers.at(i);
  for (size_t i = 0; i < kept.latency.size(); ++i) sum->latency.at(i) += kept.latency.at(i);
}

ActivityStep Activity::StepOf(int64_t minute, const Counts& counts) {
  ActivityStep step;
  step.start = absl::FromUnixSeconds(minute * 60);
  step.failed_calls = counts.failed_calls;
  step.numbers = counts.numbers;
  for (const uint64_t bucket : counts.latency) step.answers += bucket;
  step.p50 = BoundOf(counts.latency, step.answers, 0.5);
  step.p99 = BoundOf(counts.latency, step.answers, 0.99);
  step.p999 = BoundOf(counts.latency, step.answers, 0.999);
  return step;
}

ActivityReport Activity::Read(int step_minutes) {
  const absl::MutexLock lock(&mutex_);
  SampleLocked();
  const int64_t begin = std::max(first_, newest_ - kMinutes + 1);
  ActivityReport report;
  Counts total;
  for (int64_t minute = begin; minute <= newest_;) {
    const int64_t start = minute;
    const int64_t end = (minute / step_minutes + 1) * step_minutes;
    Counts step;
    for (; minute < end && minute <= newest_; ++minute) {
      Add(minute, &step);
      Add(minute, &total);
    }
    report.steps.push_back(StepOf(start, step));
  }
  report.total = StepOf(begin, total);
  return report;
}

}  // namespace dnc
