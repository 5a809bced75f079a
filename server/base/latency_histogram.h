// Counts durations in buckets whose width grows with the duration: four a power of two, so a
// duration is known to a quarter at worst.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace dnc {

// Durations in nanoseconds. The first bucket ends below 1,024 ns, the last bound is 2^33 ns
// (8.6 s); the bucket after it has no bound.
inline constexpr int kBucketsPerOctave = 4;
inline constexpr int kFirstOctave = 10;
inline constexpr int kLastOctave = 33;
inline constexpr int kBoundCount = (kLastOctave - kFirstOctave) * kBucketsPerOctave + 1;
inline constexpr int kBucketCount = kBoundCount + 1;

// The bucket of a duration: the first whose bound is above it.
constexpr int BucketOf(uint64_t nanoseconds) {
  if (nanoseconds < (1ULL << kFirstOctave)) return 0;
  const int octave = std::bit_width(nanoseconds) - 1;
  if (octave >= kLastOctave) return kBucketCount - 1;
  const int part = static_cast<int>(nanoseconds >> (octave - 2)) & 3;
  return 1 + (octave - kFirstOctave) * kBucketsPerOctave + part;
}

// The bound of bucket `bucket` < kBoundCount: durations in it are shorter.
constexpr uint64_t BucketBound(int bucket) {
  const int octave = kFirstOctave + bucket / kBucketsPerOctave;
  return (4ULL + static_cast<uint64_t>(bucket % kBucketsPerOctave)) << (octave - 2);
}

// Sums over threads; plain numbers.
struct LatencyCounts {
  std::array<uint64_t, kBucketCount> buckets{};
  uint64_t nanoseconds = 0;
};

// Thread-safe; fast if one thread writes.
class LatencyHistogram {
 public:
  void Record(uint64_t nanoseconds) {
    buckets_[static_cast<size_t>(BucketOf(nanoseconds))].fetch_add(1, std::memory_order_relaxed);
    nanoseconds_.fetch_add(nanoseconds, std::memory_order_relaxed);
  }

  void AddTo(LatencyCounts* sum) const {
    for (size_t i = 0; i < buckets_.size(); ++i) {
      sum->buckets[i] += buckets_[i].load(std::memory_order_relaxed);
    }
    sum->nanoseconds += nanoseconds_.load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<uint64_t>, kBucketCount> buckets_{};
  std::atomic<uint64_t> nanoseconds_{0};
};

}  // namespace dnc
