// Counts durations in bounded memory so that any percentile can be told within half a percent.
//
//   Histogram latency;
//   latency.Record(52'000);
//   latency.Merge(other);
//   uint64_t p99 = latency.Percentile(0.99);
//
// Buckets are log-linear, with 128 for each power of two. So a bucket is at most 1/128 of its value
// wide, and its middle is at most 1/256 (0.4 %) from anything in it. Values below 256 are exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dnc::load {

// Values are nanoseconds. Each thread has its own histogram, and they are merged. Not thread-safe.
class Histogram {
 public:
  // Higher values (above 36 minutes) count as this one; max() is still exact.
  static constexpr uint64_t kHighest = (uint64_t{1} << 41) - 1;

  void Record(uint64_t nanoseconds, uint64_t count = 1);
  void Merge(const Histogram& other);

  uint64_t count() const { return count_; }
  // Exact; 0 if nothing was recorded.
  uint64_t min() const { return count_ == 0 ? 0 : min_; }
  uint64_t max() const { return max_; }
  // Returns the mean, computed from the exact sum.
  double mean() const;

  // Returns the least value that `share` (0 to 1) of the recorded values do not exceed, within 0.4
  // %; never below min() or above max(). Returns 0 if nothing was recorded.
  uint64_t Percentile(double share) const;

 private:
  static constexpr unsigned kSubBits = 7;

  static size_t BucketOf(uint64_t value);
  static uint64_t MiddleOf(size_t bucket);

  std::vector<uint64_t> counts_;  // by bucket, up to the highest recorded one
  uint64_t count_ = 0;
  uint64_t min_ = 0;
  uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace dnc::load
