#include "server/registry/change_pace.h"

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
  EXPECT_EQ(pace.EndOf(At(3)), At(3));
  EXPECT_EQ(pace.EndOf(At(9)), pace.last());
  EXPECT_EQ(ChangePace({}, kWeek).EndOf(At(9)), At(9));
  EXPECT_TRUE(pace.EndsBefore(At(9)));
  EXPECT_FALSE(pace.EndsBefore(At(3)));
  EXPECT_FALSE(ChangePace({At(1)}, PaceLimits{}).EndsBefore(At(9)));
}

}  // namespace
}  // namespace dnc
