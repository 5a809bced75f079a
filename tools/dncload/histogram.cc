#include "tools/dncload/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace dnc::load {

size_t Histogram::BucketOf(uint64_t value) {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  const unsigned shift = width > kSubBits + 1 ? width - kSubBits - 1 : 0;
  return (static_cast<size_t>(shift) << kSubBits) + (value >> shift);
}

uint64_t Histogram::MiddleOf(size_t bucket) {
  constexpr size_t kPerOctave = size_t{1} << kSubBits;
  if (bucket < 2 * kPerOctave) return bucket;
  const size_t shift = bucket / kPerOctave - 1;
  return ((kPerOctave + bucket % kPerOctave) << shift) + (uint64_t{1} << (shift - 1));
}

void Histogram::Record(uint64_t nanoseconds, uint64_t count) {
  if (count == 0) return;
  const size_t bucket = BucketOf(std::min(nanoseconds, kHighest));
  if (bucket >= counts_.size()) counts_.resize((bucket | 127U) + 1, 0);
  counts_[bucket] += count;
  min_ = count_ == 0 ? nanoseconds : std::min(min_, nanoseconds);
  max_ = std::max(max_, nanoseconds);
  sum_ += static_cast<double>(nanoseconds) * static_cast<double>(count);
  count_ += count;
}

void Histogram::Merge(const Histogram& other) {
  if (other.count_ == 0) return;
  if (other.counts_.size() > counts_.size()) counts_.resize(other.counts_.size(), 0);
  for (size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
  count_ += other.count_;
}

double Histogram::mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

uint64_t Histogram::Percentile(double share) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
  const uint64_t rank = std::clamp(static_cast<uint64_t>(wanted), uint64_t{1}, count_);
  if (rank == count_) return max_;
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen >= rank) return std::clamp(MiddleOf(bucket), min_, max_);
  }
  return max_;
}

}  // namespace dnc::load
