#include "server/base/clock.h"

#include <gtest/gtest.h>

namespace dnc {
namespace {

constexpr int64_t kDay = 86'400LL * 1'000'000;

class SteppedClock : public Clock {
 public:
  absl::Time Now() const override { return NotBefore(micros, steady); }
  // Both clocks go on.
  void Pass(int64_t passed) {
    micros += passed;
    steady += passed;
  }
  int64_t micros = 1'700'000'000'000'000;
  int64_t steady = 50'000'000;
};

TEST(ClockTest, GoesOnAndNeverFarBack) {
  SteppedClock clock;
  const absl::Time first = clock.Now();
  EXPECT_EQ(first, absl::FromUnixMicros(clock.micros));
  clock.Pass(10);
  EXPECT_EQ(clock.Now(), first + absl::Microseconds(10));
  clock.micros += 40 * kDay;
  const absl::Time later = clock.Now();
  EXPECT_EQ(later, absl::FromUnixMicros(clock.micros));
  clock.micros -= 30 * kDay;
  EXPECT_EQ(clock.Now(), later);
}

TEST(ClockTest, WhatIsAheadGoesOnUntilTheMachineHasCaughtUp) {
  SteppedClock clock;
  const absl::Time first = clock.Now();
  clock.micros -= kDay / 10;
  for (int tenths = 1; tenths <= 10; ++tenths) {
    clock.Pass(kDay / 10);
    EXPECT_EQ(clock.Now(), first + absl::Microseconds(kDay * 9 / 100 * tenths)) << tenths;
  }
  EXPECT_EQ(clock.Now(), absl::FromUnixMicros(clock.micros)) << "a tenth of a day in a day";
  clock.Pass(kDay);
  EXPECT_EQ(clock.Now(), absl::FromUnixMicros(clock.micros));
}

TEST(ClockTest, IsTheTimeOfDay) {
  const Clock clock;
  const absl::Time before = absl::Now() - absl::Seconds(1);  // it counts other steps
  const absl::Time now = clock.Now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, absl::Now() + absl::Seconds(1));
  EXPECT_LE(clock.lag(), absl::Seconds(1));
  EXPECT_FALSE(clock.behind());
}

TEST(ClockTest, BeginsWhereTheStoresAre) {
  Clock early;
  early.BeginAt(absl::Now() - absl::Hours(5));
  EXPECT_LT(absl::AbsDuration(early.Now() - absl::Now()), absl::Seconds(10));
  Clock clock;
  const absl::Time known = absl::Now() + absl::Hours(5);
  clock.BeginAt(known);
  EXPECT_GE(clock.Now(), known - absl::Seconds(1));
  EXPECT_LT(clock.Now(), known + absl::Minutes(10));
  EXPECT_FALSE(clock.behind());
  clock.BeginAt(absl::Now() + absl::Hours(25));
  EXPECT_TRUE(clock.behind());
}

TEST(ClockTest, AnAcceptedClockLetsNothingLiveAgain) {
  Clock clock;
  const absl::Time now = clock.Now();
  EXPECT_FALSE(clock.HadEnded(0, now));
  clock.SetAccepted({7, 3, now + absl::Hours(1), now});
  EXPECT_TRUE(clock.HadEnded(7, now + absl::Hours(1)));
  EXPECT_FALSE(clock.HadEnded(7, now + absl::Hours(2)));
  EXPECT_FALSE(clock.HadEnded(8, now + absl::Hours(1)));
}

}  // namespace
}  // namespace dnc
