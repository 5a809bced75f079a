#include "tools/dncload/histogram.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/seed.h"

namespace dnc::load {
namespace {

// Returns the value of nearest rank, by sorting.
uint64_t Exact(const std::vector<uint64_t>& sorted, double share) {
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[static_cast<size_t>(std::max(rank, 1.0)) - 1];
}

void ExpectLikeSorting(std::vector<uint64_t> values, const Histogram& histogram) {
  std::sort(values.begin(), values.end());
  ASSERT_EQ(histogram.count(), values.size());
  EXPECT_EQ(histogram.min(), values.front());
  EXPECT_EQ(histogram.max(), values.back());
  for (const double share : {0.0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto exact = static_cast<double>(Exact(values, share));
    const auto told = static_cast<double>(histogram.Percentile(share));
    EXPECT_LE(std::abs(told - exact), exact / 256 + 0.5) << share;
  }
}

// Makes values of very different sizes: each power of two is equally likely.
std::vector<uint64_t> Spread(blackbox::Random& random, size_t count) {
  std::vector<uint64_t> values(count);
  for (uint64_t& value : values) value = random() >> (24 + random() % 40);
  return values;
}

TEST(HistogramTest, TellsPercentilesLikeSorting) {
  blackbox::Random random(blackbox::TestSeed());
  for (const size_t count : {1, 2, 10, 999, 100'000}) {
    const auto values = Spread(random, count);
    Histogram histogram;
    for (const uint64_t value : values) histogram.Record(value);
    ExpectLikeSorting(values, histogram);
  }
}

TEST(HistogramTest, MergedIsAsIfRecordedInOne) {
  blackbox::Random random(blackbox::TestSeed());
  Histogram merged;
  std::vector<uint64_t> all;
  merged.Merge(Histogram());
  for (int part = 0; part < 7; ++part) {
    const auto values = Spread(random, 1 + random() % 5000);
    Histogram histogram;
    for (const uint64_t value : values) histogram.Record(value);
    merged.Merge(histogram);
    all.insert(all.end(), values.begin(), values.end());
  }
  ExpectLikeSorting(all, merged);
}

TEST(HistogramTest, EveryValueIsNearItsBucket) {
  // Tests both sides of each power of two, where an error in the arithmetic would show.
  for (unsigned bit = 0; bit < 41; ++bit) {
    for (const int64_t off : {-1, 0, 1}) {
      const uint64_t value = (uint64_t{1} << bit) + static_cast<uint64_t>(off);
      Histogram histogram;
      histogram.Record(value, 3);
      histogram.Record(value * 2 + 2);  // so that the maximum does not give it away
      const auto told = static_cast<double>(histogram.Percentile(0.5));
      EXPECT_NEAR(told, static_cast<double>(value), static_cast<double>(value) / 256) << value;
    }
  }
}

TEST(HistogramTest, EmptyAndBeyondTheHighest) {
  Histogram histogram;
  EXPECT_EQ(histogram.Percentile(0.5), 0U);
  EXPECT_EQ(histogram.max(), 0U);
  EXPECT_EQ(histogram.mean(), 0);
  histogram.Record(Histogram::kHighest * 1000);
  EXPECT_EQ(histogram.max(), Histogram::kHighest * 1000);
  EXPECT_EQ(histogram.Percentile(1), Histogram::kHighest * 1000);
}

TEST(HistogramTest, TheMeanIsOfTheExactSum) {
  Histogram histogram;
  histogram.Record(100, 5);
  histogram.Record(1'000'000, 2);
  EXPECT_DOUBLE_EQ(histogram.mean(), (5 * 100 + 2 * 1e6) / 7);
}

}  // namespace
}  // namespace dnc::load
