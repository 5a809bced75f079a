#include "tools/dncload/schedule.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace dnc::load {
namespace {

std::vector<int64_t> All(const SchedulePlan& plan, int part = 0, int parts = 1) {
  const auto schedule = MakeSchedule(plan, part, parts);
  std::vector<int64_t> times;
  while (const auto at = schedule->Next()) times.push_back(*at);
  return times;
}

SchedulePlan Plan(Spacing spacing, std::vector<RateStep> steps) {
  SchedulePlan plan;
  plan.spacing = spacing;
  plan.steps = std::move(steps);
  return plan;
}

int64_t CountIn(const std::vector<int64_t>& times, double from, double to) {
  return std::count_if(times.begin(), times.end(), [&](int64_t at) {
    return static_cast<double>(at) >= from * 1e9 && static_cast<double>(at) < to * 1e9;
  });
}

TEST(ScheduleTest, ConstantHasEqualGaps) {
  const auto times = All(Plan(Spacing::kConstant, {{2, 1000, 1000}}));
  ASSERT_EQ(times.size(), 2000U);
  for (size_t i = 1; i < times.size(); ++i) EXPECT_NEAR(times[i] - times[i - 1], 1'000'000, 2);
}

TEST(ScheduleTest, PoissonHasExponentialGaps) {
  const auto times = All(Plan(Spacing::kPoisson, {{100, 1000, 1000}}));
  // The standard deviation of the count is its root: 316.
  EXPECT_NEAR(static_cast<double>(times.size()), 100'000, 5 * 316);
  double sum = 0;
  double squares = 0;
  int64_t above = 0;
  for (size_t i = 1; i < times.size(); ++i) {
    const double gap = static_cast<double>(times[i] - times[i - 1]) / 1e6;
    sum += gap;
    squares += gap * gap;
    if (gap > 1) ++above;
  }
  const auto count = static_cast<double>(times.size() - 1);
  const double mean = sum / count;
  EXPECT_NEAR(mean, 1, 0.02);
  EXPECT_NEAR(std::sqrt(squares / count - mean * mean), 1, 0.03);
  EXPECT_NEAR(static_cast<double>(above) / count, std::exp(-1), 0.01);
}

TEST(ScheduleTest, StepsAndRampsHaveTheirRates) {
  const auto steps = All(Plan(Spacing::kConstant, {{1, 1000, 1000}, {1, 5000, 5000}}));
  EXPECT_EQ(CountIn(steps, 0, 1), 1000);
  EXPECT_EQ(CountIn(steps, 1, 2), 5000);
  const SchedulePlan plan = Plan(Spacing::kConstant, {{10, 1000, 3000}});
  EXPECT_DOUBLE_EQ(plan.MeanRate(), 2000);
  const auto ramp = All(plan);
  EXPECT_NEAR(static_cast<double>(ramp.size()), 20'000, 1);
  EXPECT_NEAR(static_cast<double>(CountIn(ramp, 0, 5)), 7'500, 2);
  EXPECT_NEAR(static_cast<double>(CountIn(ramp, 9, 10)), 2'900, 2);
  const auto down = All(Plan(Spacing::kConstant, {{10, 3000, 1000}}));
  EXPECT_NEAR(static_cast<double>(CountIn(down, 0, 5)), 12'500, 2);
}

TEST(ScheduleTest, PartsAreTogetherTheWhole) {
  for (const Spacing spacing : {Spacing::kPoisson, Spacing::kConstant, Spacing::kGaps}) {
    SchedulePlan plan = Plan(spacing, {{1, 500, 700}});
    plan.warm_up = 0.5;
    plan.gap_least = 0.01;
    plan.gap_most = 0.02;
    std::vector<int64_t> parts;
    for (int part = 0; part < 3; ++part) {
      const auto times = All(plan, part, 3);
      parts.insert(parts.end(), times.begin(), times.end());
    }
    std::sort(parts.begin(), parts.end());
    EXPECT_EQ(parts, All(plan));
    EXPECT_TRUE(std::is_sorted(parts.begin(), parts.end()));
  }
}

TEST(ScheduleTest, TheWarmUpComesFirstAtTheFirstRate) {
  SchedulePlan plan = Plan(Spacing::kConstant, {{1, 1000, 1000}});
  plan.warm_up = 2;
  EXPECT_DOUBLE_EQ(plan.Seconds(), 1);
  const auto times = All(plan);
  EXPECT_EQ(CountIn(times, 0, 2), 2000);
  EXPECT_EQ(CountIn(times, 2, 3), 1000);
}

TEST(ScheduleTest, TheSeedDecides) {
  SchedulePlan plan = Plan(Spacing::kPoisson, {{1, 1000, 1000}});
  const auto first = All(plan);
  EXPECT_EQ(first, All(plan));
  plan.seed = 2;
  EXPECT_NE(first, All(plan));
}

TEST(ScheduleTest, GapsLieBetweenTheirLimits) {
  SchedulePlan plan = Plan(Spacing::kGaps, {{100, 1, 1}});
  plan.gap_least = 0.5;
  plan.gap_most = 2;
  const auto times = All(plan);
  EXPECT_NEAR(static_cast<double>(times.size()), 80, 12);
  for (size_t i = 1; i < times.size(); ++i) {
    EXPECT_GE(times[i] - times[i - 1], 499'999'999);
    EXPECT_LE(times[i] - times[i - 1], 2'000'000'001);
  }
}

class SendTimesTest : public testing::Test {
 protected:
  std::string Write(const std::string& text) const {
    std::ofstream(folder_.path() + "/times") << text;
    return folder_.path() + "/times";
  }
  const blackbox::TempDir folder_;
};

TEST_F(SendTimesTest, ReplaysAFileFromItsFirstTime) {
  const auto times = ReadSendTimes(Write("# seconds\n100.5\n\n100.25\n 101.25 \n"));
  ASSERT_TRUE(times.ok()) << times.status();
  EXPECT_EQ(*times, (std::vector<int64_t>{0, 250'000'000, 1'000'000'000}));
  SchedulePlan plan;
  plan.spacing = Spacing::kReplayed;
  plan.times = *times;
  EXPECT_DOUBLE_EQ(plan.Seconds(), 1);
  EXPECT_DOUBLE_EQ(plan.MeanRate(), 3);
  EXPECT_EQ(All(plan), *times);
  plan.warm_up = 10;
  const auto warm = All(plan);
  EXPECT_NEAR(static_cast<double>(CountIn(warm, 0, 10)), 30, 25);
  EXPECT_EQ(warm.back(), 11'000'000'000);
}

TEST_F(SendTimesTest, RefusesWhatIsNoTime) {
  const auto bad = ReadSendTimes(Write("1\ntwo\n"));
  EXPECT_TRUE(absl::IsInvalidArgument(bad.status()));
  EXPECT_NE(bad.status().message().find("line 2"), std::string::npos) << bad.status();
  EXPECT_TRUE(absl::IsInvalidArgument(ReadSendTimes(Write("# none\n")).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadSendTimes(Write("nan\n")).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadSendTimes(folder_.path() + "/absent").status()));
}

}  // namespace
}  // namespace dnc::load
