#include "server/intake/change_pace.h"

#include <gtest/gtest.h>

namespace dnc {
namespace {

absl::Time At(double day) { return absl::FromUnixSeconds(static_cast<int64_t>(day * 86'400)); }

// `count` changes, evenly over the days from `from` to `to`.
std::vector<absl::Time> Times(double from, double to, int count) {
  std::vector<absl::Time> times;
  for (int i = 0; i < count; ++i) times.push_back(At(from + (to - from) * i / count));
  return times;
}

const PaceLimits kWeek{.longest = absl::Hours(7 * 24)};

bool HasHole(std::vector<absl::Time> times, double known, const PaceLimits& limits = kWeek) {
  return ChangePace(std::move(times), limits).HoleAfter(At(known), At(known)).has_value();
}

TEST(ChangePaceTest, WhatFollowsClosely) {
  EXPECT_FALSE(HasHole({}, 1));
  EXPECT_FALSE(HasHole({At(7.5)}, 1));
  EXPECT_TRUE(HasHole({At(8.5)}, 1));
  EXPECT_FALSE(HasHole(Times(1, 2, 100), 1));
  EXPECT_FALSE(HasHole(Times(0, 9, 100), 3));
  // A weekend, or a date that may mean any moment of its day.
  EXPECT_FALSE(HasHole(Times(2.9, 4, 1000), 1));
}

TEST(ChangePaceTest, AHoleIsLongByTheOwnPace) {
  EXPECT_TRUE(HasHole(Times(6, 7, 100), 1));
  EXPECT_TRUE(HasHole(Times(6, 7, 5), 1));
  // Few changes have no pace.
  EXPECT_FALSE(HasHole(Times(6, 7, 3), 1));
  // One in three days: five days are nothing.
  EXPECT_FALSE(HasHole(Times(6, 36, 10), 1));
  PaceLimits no_pace = kWeek;
  no_pace.by_pace = false;
  EXPECT_FALSE(HasHole(Times(6, 7, 100), 1, no_pace));
}

TEST(ChangePaceTest, AHoleIsLongByTheListsBefore) {
  PaceLimits daily = kWeek;
  daily.usual = absl::Hours(3 * 24);
  EXPECT_TRUE(HasHole({At(4.5)}, 1, daily));
  EXPECT_FALSE(HasHole({At(3.5)}, 1, daily));
  daily.usual = absl::Hours(1);
  EXPECT_FALSE(HasHole({At(2.9)}, 1, daily));
}

TEST(ChangePaceTest, StragglersProveNothing) {
  std::vector<absl::Time> times = Times(9, 10, 99);
  times.push_back(At(1.5));
  EXPECT_TRUE(HasHole(times, 1));
  times.push_back(At(5));
  EXPECT_TRUE(HasHole(times, 1));
  // What is known reaches into the hole, or beyond it.
  EXPECT_TRUE(HasHole(times, 6));
  EXPECT_FALSE(HasHole(times, 8));
}

TEST(ChangePaceTest, SilenceIsNoKnowledgeForLong) {
  const ChangePace pace({At(9)}, kWeek);
  EXPECT_FALSE(pace.HoleAfter(At(8), At(3)).has_value());
  EXPECT_TRUE(pace.HoleAfter(At(8), At(1)).has_value());
}

TEST(ChangePaceTest, AListEndsWithItsLastChange) {
  const ChangePace pace(Times(1, 2, 100), kWeek);
  const UsualPace none({});
  EXPECT_EQ(pace.EndOf(At(3), none), At(3));
  EXPECT_EQ(pace.EndOf(At(9), none), pace.last());
  EXPECT_EQ(ChangePace({}, kWeek).EndOf(At(9), none), At(9));
  EXPECT_TRUE(pace.EndsBefore(At(9)));
  EXPECT_FALSE(pace.EndsBefore(At(3)));
  EXPECT_FALSE(ChangePace({At(1)}, PaceLimits{}).EndsBefore(At(9)));
}

// Lists of one day each, from `from` to `to`, and what they are as files.
UsualPace Daily(int from, int to, uint64_t count, double begin = 0, double end = 1) {
  std::vector<ListSpan> lists;
  for (int day = from; day < to; ++day) {
    lists.push_back({At(day + 1), At(day + begin), At(day + end) - absl::Seconds(60), count});
  }
  return UsualPace(std::move(lists));
}

bool IsSparse(std::vector<absl::Time> times, double told, const UsualPace& usual) {
  return ChangePace(std::move(times), kWeek).SparseAfter(At(told), usual).has_value();
}

TEST(UsualPaceTest, IsThatOfTheListsBefore) {
  const UsualPace pace = Daily(1, 8, 700, 0.25, 0.75);
  EXPECT_EQ(pace.lists(), 7U);
  EXPECT_NEAR(pace.per_day(), 700, 1);
  EXPECT_NEAR(absl::ToDoubleHours(pace.between().value()), 12, 0.1);
  EXPECT_NEAR(absl::ToDoubleHours(pace.before_date().value()), 6, 0.1);
  const UsualPace none({});
  EXPECT_EQ(none.per_day(), 0);
  EXPECT_FALSE(none.between().has_value());
  // One list with very many changes, and one hole that somebody overrode, move nothing.
  std::vector<ListSpan> lists;
  for (const int day : {1, 2, 3, 4, 6, 7, 8}) {
    lists.push_back({At(day + 1), At(day), At(day + 0.99), day == 3 ? 90'000U : 500U});
  }
  EXPECT_LE(UsualPace(lists).per_day(), 510);
  EXPECT_LE(UsualPace(lists).between().value(), absl::Hours(1));
  // Nor do two, unless they are a week apart.
  const auto between = [](const std::vector<int>& days) {
    std::vector<ListSpan> of_days;
    for (const int day : days) of_days.push_back({At(day + 1), At(day), At(day + 0.99), 500});
    return UsualPace(std::move(of_days)).between().value();
  };
  EXPECT_LE(between({1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14}), absl::Hours(1));
  EXPECT_GE(between({1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 15}), absl::Hours(48));
  // Nor does a hole among the first lists.
  lists = {{At(2), At(1), At(1.99), 500}, {At(6), At(5), At(5.99), 500}};
  EXPECT_FALSE(UsualPace(lists).between().has_value());
  lists.push_back({At(7), At(6), At(6.99), 500});
  EXPECT_LE(UsualPace(lists).between().value(), absl::Hours(1));
}

TEST(ChangePaceTest, ADayWithoutAListIsSeen) {
  const UsualPace usual = Daily(1, 5, 300);
  EXPECT_FALSE(IsSparse(Times(5, 6, 300), 5, usual));
  EXPECT_FALSE(IsSparse(Times(5.3, 6, 300), 5, usual));
  EXPECT_TRUE(IsSparse(Times(6, 7, 300), 5, usual));
  // Two stragglers prove nothing; a tenth of what is usual is a quiet day.
  std::vector<absl::Time> times = Times(6, 7, 300);
  times.push_back(At(5.4));
  times.push_back(At(5.7));
  EXPECT_TRUE(IsSparse(times, 5, usual));
  for (int i = 0; i < 30; ++i) times.push_back(At(5.0 + i / 30.0));
  EXPECT_FALSE(IsSparse(times, 5, usual));
  // Nor is it told too early, or of too few changes.
  EXPECT_FALSE(IsSparse(Times(6, 7, 60), 5, Daily(1, 5, 60)));
  EXPECT_FALSE(IsSparse(Times(6, 7, 20), 5, usual));
  PaceLimits few = kWeek;
  few.by_pace = false;
  EXPECT_FALSE(ChangePace(Times(6, 7, 300), few).SparseAfter(At(5), usual).has_value());
}

TEST(ChangePaceTest, AHoleInsideOfAListIsSeen) {
  std::vector<absl::Time> times = Times(5, 6, 300);
  for (const absl::Time time : Times(7, 8, 300)) times.push_back(time);
  EXPECT_TRUE(IsSparse(times, 5, Daily(1, 5, 300)));
  EXPECT_TRUE(IsSparse(times, 5, UsualPace({})));
  EXPECT_FALSE(IsSparse(times, 7, Daily(1, 5, 300)));
}

TEST(ChangePaceTest, TheFirstListAfterAFullOneIsJudgedByItself) {
  const UsualPace none({});
  EXPECT_FALSE(IsSparse(Times(5.5, 6.5, 400), 5, none));
  EXPECT_TRUE(IsSparse(Times(6, 7, 400), 5, none));
  // All of one hour may be what comes once a month.
  EXPECT_FALSE(IsSparse(Times(6, 6.02, 9000), 5, none));
}

// Whoever publishes at one hour a day, with times or with dates alone, and at weekends not at all.
TEST(ChangePaceTest, PublishersWhoRestAreNotSuspected) {
  std::vector<ListSpan> nightly;
  for (int day = 1; day < 20; ++day) {
    if (day % 7 < 5) nightly.push_back({At(day + 0.1), At(day + 0.1), At(day + 0.1), 900});
  }
  const std::vector<absl::Time> next(900, At(21.1));
  EXPECT_FALSE(IsSparse(next, 18.1, UsualPace(nightly)));  // over a weekend
  // Whoever does not rest misses a night.
  EXPECT_FALSE(IsSparse(std::vector<absl::Time>(900, At(6.1)), 5.1, Daily(1, 6, 900, 0.1, 0.11)));
  EXPECT_TRUE(IsSparse(std::vector<absl::Time>(900, At(7.1)), 5.1, Daily(1, 6, 900, 0.1, 0.11)));
  std::vector<absl::Time> dates;
  for (int i = 0; i < 2000; ++i) dates.push_back(At(5 + i % 5));
  EXPECT_FALSE(IsSparse(dates, 5, UsualPace({})));
  std::vector<absl::Time> hours;
  for (int i = 0; i < 2000; ++i) hours.push_back(At(5.1 + i % 5));
  EXPECT_FALSE(IsSparse(hours, 5, UsualPace({})));
}

TEST(ChangePaceTest, ACutOffListEndsWhereItsChangesEnd) {
  const UsualPace usual = Daily(1, 5, 500);
  const ChangePace cut(Times(5, 5.4, 200), kWeek);
  EXPECT_EQ(cut.EndOf(At(6), usual), cut.last());
  EXPECT_LT(cut.ToldUntil(usual), At(5.4));
  const ChangePace whole(Times(5, 6, 500), kWeek);
  EXPECT_EQ(whole.EndOf(At(6), usual), At(6));
  // In the order of its numbers it holds some of each hour.
  EXPECT_TRUE(ChangePace(Times(5, 6, 49), kWeek).IsTooThin(At(6), usual));
  EXPECT_TRUE(ChangePace({}, kWeek).IsTooThin(At(6), usual));
  EXPECT_FALSE(ChangePace(Times(5, 6, 60), kWeek).IsTooThin(At(6), usual));
  EXPECT_FALSE(ChangePace(Times(5, 6, 49), kWeek).IsTooThin(At(6), Daily(3, 5, 500)));
  EXPECT_FALSE(ChangePace(Times(5, 6, 5), kWeek).IsTooThin(At(6), Daily(1, 5, 60)));
  // One change of a time to come tells of no day.
  std::vector<absl::Time> times = Times(5, 6, 500);
  times.push_back(At(7.5));
  EXPECT_LT(ChangePace(times, kWeek).ToldUntil(usual), At(6));
  EXPECT_EQ(ChangePace({At(5)}, kWeek).ToldUntil(UsualPace({})), At(6));
  // Many at once are what comes once a month, and the rest of the day counts.
  times = Times(5, 6, 500);
  times.insert(times.end(), 90'000, At(5.1));
  EXPECT_GT(ChangePace(times, kWeek).ToldUntil(usual), At(5.9));
  EXPECT_GT(ChangePace(times, kWeek).ToldUntil(UsualPace({})), At(5.9));
}

}  // namespace
}  // namespace dnc
