#include "server/base/activity.h"

#include <memory>

#include "gtest/gtest.h"

namespace dnc {
namespace {

// A clock that stands where it was put.
class SetClock final : public Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = absl::FromUnixSeconds(1'800'000'000);  // a multiple of 5 minutes
};

class ActivityTest : public testing::Test {
 protected:
  void Answer(absl::Duration took, VerdictCounts numbers) {
    metrics_.CountNumbers(numbers);
    metrics_.CountCall(Method::kScrub, absl::StatusCode::kOk);
    metrics_.RecordLatency(Method::kScrub, took);
  }

  SetClock clock_;
  Metrics metrics_;
};

TEST_F(ActivityTest, TellsOnlyWhatCameSinceItsStart) {
  Answer(absl::Milliseconds(1), {0, 5});
  Activity activity(&metrics_, &clock_);
  Answer(absl::Milliseconds(1), {0, 2, 3});
  const ActivityReport report = activity.Read(5);
  ASSERT_EQ(report.steps.size(), 1U);
  EXPECT_EQ(report.steps[0].start, clock_.now);
  EXPECT_EQ(report.steps[0].answers, 1U);
  EXPECT_EQ(report.total.numbers, (VerdictCounts{0, 2, 3}));
}

TEST_F(ActivityTest, CountsEachMinuteForItself) {
  Activity activity(&metrics_, &clock_);
  Answer(absl::Milliseconds(1), {0, 1});
  activity.Sample();
  clock_.now += absl::Minutes(1);
  activity.Sample();
  clock_.now += absl::Minutes(1);
  Answer(absl::Milliseconds(1), {0, 7});
  const ActivityReport report = activity.Read(1);
  ASSERT_EQ(report.steps.size(), 3U);
  EXPECT_EQ(report.steps[0].numbers[1], 1U);
  EXPECT_EQ(report.steps[1].numbers[1], 0U);
  EXPECT_EQ(report.steps[1].answers, 0U);
  EXPECT_EQ(report.steps[1].p99, absl::ZeroDuration());
  EXPECT_EQ(report.steps[2].numbers[1], 7U);
  EXPECT_EQ(report.total.numbers[1], 8U);
}

TEST_F(ActivityTest, ForgetsWhatIsOlderThanADay) {
  Activity activity(&metrics_, &clock_);
  Answer(absl::Milliseconds(1), {0, 1});
  activity.Sample();
  clock_.now += absl::Hours(24) - absl::Minutes(1);
  EXPECT_EQ(activity.Read(1).total.numbers[1], 1U);
  EXPECT_EQ(activity.Read(1).steps.size(), 1440U);
  clock_.now += absl::Minutes(1);
  EXPECT_EQ(activity.Read(1).total.numbers[1], 0U);
  EXPECT_EQ(activity.Read(1).steps.size(), 1440U);
  EXPECT_EQ(activity.Read(1440).total.answers, 0U);
}

TEST_F(ActivityTest, StepsStartAtMultiplesAndOnlyTheFirstIsShorter) {
  clock_.now += absl::Minutes(3);
  Activity activity(&metrics_, &clock_);
  clock_.now += absl::Minutes(9);
  const ActivityReport report = activity.Read(5);
  ASSERT_EQ(report.steps.size(), 3U);
  EXPECT_EQ(report.steps[0].start, clock_.now - absl::Minutes(9));
  EXPECT_EQ(report.steps[1].start, clock_.now - absl::Minutes(7));
  EXPECT_EQ(report.steps[2].start, clock_.now - absl::Minutes(2));
}

TEST_F(ActivityTest, BoundsAreNeverBelowWhatAnswersTook) {
  Activity activity(&metrics_, &clock_);
  for (int i = 0; i < 989; ++i) Answer(absl::Microseconds(3), {});
  for (int i = 0; i < 9; ++i) Answer(absl::Milliseconds(20), {});
  for (int i = 0; i < 2; ++i) Answer(absl::Seconds(60), {});
  const ActivityStep total = activity.Read(5).total;
  EXPECT_GE(total.p50, absl::Microseconds(3));
  EXPECT_LE(total.p50, absl::Microseconds(3) * 1.25);
  EXPECT_GE(total.p99, absl::Milliseconds(20));
  EXPECT_LE(total.p99, absl::Milliseconds(20) * 1.25);
  EXPECT_EQ(total.p999, absl::Nanoseconds(int64_t{1} << kLastOctave));
}

TEST_F(ActivityTest, CountsOnlyTheMethodsThatDecide) {
  Activity activity(&metrics_, &clock_);
  metrics_.CountCall(Method::kGetStatus, absl::StatusCode::kInternal);
  metrics_.RecordLatency(Method::kGetStatus, absl::Seconds(1));
  metrics_.CountCall(Method::kCheckNumber, absl::StatusCode::kUnavailable);
  metrics_.RecordLatency(Method::kCheckNumber, absl::Microseconds(2));
  const ActivityStep total = activity.Read(5).total;
  EXPECT_EQ(total.answers, 1U);
  EXPECT_EQ(total.failed_calls, 1U);
}

TEST_F(ActivityTest, AClockThatGoesBackWritesIntoTheNewestMinute) {
  Activity activity(&metrics_, &clock_);
  clock_.now += absl::Minutes(10);
  activity.Sample();
  clock_.now -= absl::Minutes(2);
  Answer(absl::Milliseconds(1), {0, 4});
  const ActivityReport report = activity.Read(1);
  ASSERT_EQ(report.steps.size(), 11U);
  EXPECT_EQ(report.steps[10].numbers[1], 4U);
}

}  // namespace
}  // namespace dnc
