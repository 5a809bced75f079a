#include "server/base/metrics.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace dnc {
namespace {

constexpr size_t kClear = 1;  // of Verdict

TEST(LatencyHistogramTest, EveryDurationLiesBelowItsBoundAndAboveTheOneBefore) {
  for (uint64_t value = 0; value < (1ULL << 35); value += 1 + value / 37) {
    const int bucket = BucketOf(value);
    ASSERT_GE(bucket, 0);
    ASSERT_LT(bucket, kBucketCount);
    if (bucket < kBoundCount) {
      ASSERT_LT(value, BucketBound(bucket)) << value;
    }
    if (bucket > 0) {
      ASSERT_GE(value, BucketBound(bucket - 1)) << value;
    }
  }
}

TEST(LatencyHistogramTest, BoundsAreKnown) {
  EXPECT_EQ(BucketBound(0), 1024);
  EXPECT_EQ(BucketBound(1), 1280);
  EXPECT_EQ(BucketBound(4), 2048);
  EXPECT_EQ(BucketBound(kBoundCount - 1), 1ULL << kLastOctave);
  EXPECT_EQ(BucketOf(1ULL << kLastOctave), kBucketCount - 1);
}

TEST(MetricsTest, AddsUpOverThreads) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 40; ++t) {
    threads.emplace_back([&metrics] {
      for (int i = 0; i < 100; ++i) {
        VerdictCounts counts{};
        counts[kClear] = 3;
        metrics.CountNumbers(counts);
        metrics.CountCall(Method::kScrub, absl::StatusCode::kOk);
        metrics.RecordLatency(Method::kScrub, absl::Microseconds(5));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const MetricsSum sum = metrics.Sum();
  EXPECT_EQ(sum.numbers[kClear], 12'000);
  EXPECT_EQ(sum.calls[static_cast<size_t>(Method::kScrub)][0], 4'000);
  const LatencyCounts& latency = sum.latency[static_cast<size_t>(Method::kScrub)];
  EXPECT_EQ(latency.buckets[static_cast<size_t>(BucketOf(5000))], 4'000);
  EXPECT_EQ(latency.nanoseconds, 4'000U * 5'000U);
}

TEST(MetricsTest, OneListenerThatWorksDoesNotSpeakForAnother) {
  Metrics metrics;
  EXPECT_TRUE(metrics.accepting());
  metrics.NoteListenerFails();
  metrics.NoteListenerFails();
  metrics.NoteListenerWorks();
  EXPECT_FALSE(metrics.accepting());
  metrics.NoteListenerWorks();
  EXPECT_TRUE(metrics.accepting());
  // Nothing undoes the end.
  metrics.StopAccepting();
  metrics.NoteListenerFails();
  metrics.NoteListenerWorks();
  EXPECT_FALSE(metrics.accepting());
}

}  // namespace
}  // namespace dnc
