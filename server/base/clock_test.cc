#include "server/base/clock.h"

#include <gtest/gtest.h>

namespace dnc {
namespace {

class SteppedClock : public Clock {
 public:
  absl::Time Now() const override { return NotBefore(micros); }
  int64_t micros = 1'700'000'000'000'000;
};

TEST(ClockTest, GoesOnAndNeverFarBack) {
  SteppedClock clock;
  const absl::Time first = clock.Now();
  EXPECT_EQ(first, absl::FromUnixMicros(clock.micros));
  clock.micros += 1;
  EXPECT_EQ(clock.Now(), first + absl::Microseconds(1));
  clock.micros += 40LL * 86'400 * 1'000'000;
  const absl::Time later = clock.Now();
  EXPECT_EQ(later, absl::FromUnixMicros(clock.micros));
  clock.micros -= 30LL * 86'400 * 1'000'000;
  EXPECT_EQ(clock.Now(), later);
  clock.micros += 30LL * 86'400 * 1'000'000 + 5;
  EXPECT_EQ(clock.Now(), later + absl::Microseconds(5));
}

TEST(ClockTest, IsTheTimeOfDay) {
  const Clock clock;
  const absl::Time before = absl::Now() - absl::Seconds(1);  // it counts other steps
  const absl::Time now = clock.Now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, absl::Now() + absl::Seconds(1));
}

}  // namespace
}  // namespace dnc
