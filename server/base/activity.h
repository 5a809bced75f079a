// What the server answered in the last 24 hours, kept in the server for people who look at it
// without Prometheus.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/latency_histogram.h"
#include "server/base/metrics.h"

namespace dnc {

// What was asked about numbers, by all methods that decide about them, in a span of time.
struct ActivityStep {
  absl::Time start;
  uint64_t answers = 0;       // batches and single numbers that a handler has answered or refused
  uint64_t failed_calls = 0;  // calls that ended with an error
  VerdictCounts numbers{};
  // Bounds that half, 99 % and 99.9 % of the answers took at most; at most a quarter too high, and
  // zero if there were no answers. What took 8.6 s or longer counts as 8.6 s.
  absl::Duration p50;
  absl::Duration p99;
  absl::Duration p999;
};

struct ActivityReport {
  ActivityStep total;
  std::vector<ActivityStep> steps;  // oldest first and without gaps; their sum is `total`
};

// Remembers a minute in 450 bytes, the whole day in 650 KB, whatever was asked. Thread-safe.
class Activity {
 public:
  static constexpr int kMinutes = 24 * 60;

  // Knows what `metrics` counts from now on. Both must outlive this.
  Activity(const Metrics* metrics, const Clock* clock);

  // Counts what has come since the last call toward the present minute. Call it several times a
  // minute. It adds up the counters of all threads, which takes a tenth of a millisecond.
  void Sample() ABSL_LOCKS_EXCLUDED(mutex_);

  // Samples, and tells the last 24 hours, or the time since the start if that is shorter.
  // `step_minutes`: the length of a step, 1 to kMinutes; a step starts at a multiple of it in Unix
  // time, so the first and the last step may be shorter.
  ActivityReport Read(int step_minutes) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // What the counters said.
  struct Counts {
    uint64_t failed_calls = 0;
    VerdictCounts numbers{};
    std::array<uint64_t, kBucketCount> latency{};
  };
  struct Minute {
    int64_t minute = -1;  // in Unix time; another one's counts are nothing
    uint64_t failed_calls = 0;
    VerdictCounts numbers{};
    std::array<uint32_t, kBucketCount> latency{};
  };
  static Counts CountsOf(const MetricsSum& sum);
  static ActivityStep StepOf(int64_t minute, const Counts& counts);
  int64_t Now() const;
  void SampleLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Add(int64_t minute, Counts* sum) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Metrics* const metrics_;
  const Clock* const clock_;
  absl::Mutex mutex_;
  Counts last_ ABSL_GUARDED_BY(mutex_);
  int64_t first_ ABSL_GUARDED_BY(mutex_);   // the minute of the start
  int64_t newest_ ABSL_GUARDED_BY(mutex_);  // the minute of the last sample
  std::vector<Minute> ring_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dnc
