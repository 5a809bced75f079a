#include "server/base/clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

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

TEST(ClockTest, KeepsTimeNowAndThenAndAJumpAtOnce) {
  SteppedClock clock;
  std::vector<absl::Time> kept;
  clock.KeepBy([&kept](absl::Time moment) { kept.push_back(moment); }, clock.Now());
  clock.Pass(kDay / 24 / 60);
  clock.Now();
  EXPECT_EQ(kept, std::vector<absl::Time>{}) << "a minute";
  clock.Keep();
  EXPECT_EQ(kept, std::vector<absl::Time>{clock.Now()}) << "asked to";
  for (int seconds = 0; seconds < 90; ++seconds) {
    clock.Pass(1'000'000);
    EXPECT_LE(clock.Now() - kept.back(), Clock::kKeptWithin);
  }
  kept.clear();
  clock.micros += kDay;
  const absl::Time jumped = clock.Now();
  EXPECT_EQ(kept, std::vector<absl::Time>{jumped});
  clock.micros -= kDay;
  clock.Keep();
  EXPECT_EQ(kept, std::vector<absl::Time>{jumped}) << "never back";
}

class JumpingClock : public Clock {
 public:
  absl::Time Now() const override { return NotBefore(micros.load(), 50'000'000); }
  std::atomic<int64_t> micros{1'700'000'000'000'000};
};

TEST(ClockTest, NobodyHearsOfAJumpBeforeItIsKept) {
  JumpingClock clock;
  std::atomic<int64_t> kept{clock.micros.load()};
  clock.KeepBy(
      [&kept](absl::Time moment) {
        absl::SleepFor(absl::Milliseconds(2));
        kept = absl::ToUnixMicros(moment);
      },
      clock.Now());
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!done) {
        const int64_t heard = absl::ToUnixMicros(clock.Now());
        EXPECT_LE(heard - kept.load(), absl::ToInt64Microseconds(Clock::kKeptWithin));
      }
    });
  }
  for (int jumps = 0; jumps < 50; ++jumps) {
    clock.micros += kDay;
    absl::SleepFor(absl::Milliseconds(4));
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
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
