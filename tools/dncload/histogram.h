// Counts durations so that any percentile can be told within half a percent, in bounded memory.
//
//   Histogram latency;
//   latency.Record(52'000);
//   latency.Merge(other);
//   uint64_t p99 = latency.Percentile(0.99);
//
// Buckets are log-linear: 128 to each power of two, so a bucket is at most 1/128 of its value wide,
// and its middle is at most 1/256 (0.4 %) from anything in it. Values below 256 are exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dnc::load {

// Nanoseconds. Not thread-safe; each thread has its own, and they are merged.
class Histogram {
 public:
  // Values above it (36 minutes) count as this one; max() still tells the truth.
  static constexpr uint64_t kHighest = (uint64_t{1} << 41) - 1;

  void Record(uint64_t nanoseconds, uint64_t count = 1);
  void Merge(const Histogram& other);

  uint64_t count() const { return count_; }
  // Exact; 0 if nothing was recorded.
  uint64_t min() const { return count_ == 0 ? 0 : min_; }
  uint64_t max() const { return max_; }
  // It follows from the exact sum.
  double mean() const;

  // The least value that `share` (0 to 1) of the recorded ones don't exceed, within 0.4 %; never
  // below min() or above max(). 0 if nothing was recorded.
  uint64_t Percentile(double share) const;

 private:
  static constexpr unsigned kSubBits = 7;

  static size_t BucketOf(uint64_t value);
  static uint64_t MiddleOf(size_t bucket);

  std::vector<uint64_t> counts_;  // by bucket, as far as the highest recorded one
  uint64_t count_ = 0;
  uint64_t min_ = 0;
  uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace dnc::load
