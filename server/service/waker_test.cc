#include "server/service/waker.h"

#include <atomic>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class TestSleeper final : public Sleeper {
 public:
  explicit TestSleeper(Topic topic) : Sleeper(topic) {}
  int wakes() const { return wakes_; }
  bool WaitForWake() const {
    return WaitUntil([this] { return wakes_ > 0; });
  }

 private:
  void Wake() override { ++wakes_; }
  std::atomic<int> wakes_{0};
};

Waker::Clock::time_point In(Waker::Clock::duration time) { return Waker::Clock::now() + time; }

TEST(WakerTest, NewsWakesThoseThatWaitForIt) {
  TestSleeper changes(Topic::kChanges);
  TestSleeper health(Topic::kHealth);
  Waker waker;
  ASSERT_TRUE(waker.Sleep(&changes, waker.Ticket(Topic::kChanges), In(hours(1))));
  ASSERT_TRUE(waker.Sleep(&health, waker.Ticket(Topic::kHealth), In(hours(1))));
  waker.Notify(Topic::kChanges);
  ASSERT_TRUE(changes.WaitForWake());
  EXPECT_EQ(changes.wakes(), 1);
  EXPECT_EQ(health.wakes(), 0);
  EXPECT_FALSE(waker.End(&changes));
  EXPECT_TRUE(waker.End(&health));
}

// Whoever has looked before the news came must not sleep through it.
TEST(WakerTest, NewsThatCameMeanwhileIsNotMissed) {
  TestSleeper sleeper(Topic::kChanges);
  Waker waker;
  const uint64_t ticket = waker.Ticket(Topic::kChanges);
  waker.Notify(Topic::kChanges);
  EXPECT_FALSE(waker.Sleep(&sleeper, ticket, In(hours(1))));
  EXPECT_FALSE(waker.End(&sleeper));
  EXPECT_EQ(sleeper.wakes(), 0);
}

// A caller may be gone before its stream falls asleep.
TEST(WakerTest, WhatHasEndedDoesNotSleep) {
  TestSleeper sleeper(Topic::kChanges);
  Waker waker;
  EXPECT_FALSE(waker.End(&sleeper));
  EXPECT_FALSE(waker.Sleep(&sleeper, 0, In(hours(1))));
}

TEST(WakerTest, WakesWhenTheTimeHasCome) {
  TestSleeper later(Topic::kLoads);
  TestSleeper sooner(Topic::kChanges);
  Waker waker;
  ASSERT_TRUE(waker.Sleep(&later, 0, In(hours(1))));
  const Waker::Clock::time_point due = In(milliseconds(120));
  ASSERT_TRUE(waker.Sleep(&sooner, 0, due));
  ASSERT_TRUE(sooner.WaitForWake());
  EXPECT_GE(Waker::Clock::now(), due);
  EXPECT_TRUE(waker.End(&later));
}

TEST(WakerTest, NothingSleepsOnceAllWereWoken) {
  TestSleeper before(Topic::kHealth);
  TestSleeper after(Topic::kHealth);
  Waker waker;
  ASSERT_TRUE(waker.Sleep(&before, 0, In(hours(1))));
  waker.WakeAll();
  ASSERT_TRUE(before.WaitForWake());
  EXPECT_FALSE(waker.Sleep(&after, waker.Ticket(Topic::kHealth), In(hours(1))));
}

TEST(WakerTest, TenThousandSleepUndisturbed) {
  std::vector<std::unique_ptr<TestSleeper>> sleepers;
  TestSleeper other(Topic::kLoads);
  Waker waker;
  for (int i = 0; i < 10'000; ++i) {
    sleepers.push_back(std::make_unique<TestSleeper>(Topic::kChanges));
    ASSERT_TRUE(waker.Sleep(sleepers.back().get(), 0, In(hours(1))));
  }
  // News of another topic, and its waking, which comes after all that the thread did before.
  ASSERT_TRUE(waker.Sleep(&other, 0, In(hours(1))));
  for (int i = 0; i < 1'000; ++i) waker.Notify(Topic::kLoads);
  ASSERT_TRUE(other.WaitForWake());
  for (const auto& sleeper : sleepers) EXPECT_EQ(sleeper->wakes(), 0);
  waker.Notify(Topic::kChanges);
  for (const auto& sleeper : sleepers) ASSERT_TRUE(sleeper->WaitForWake());
  // Each has been woken once, and none sleeps any more.
  for (const auto& sleeper : sleepers) {
    EXPECT_EQ(sleeper->wakes(), 1);
    EXPECT_FALSE(waker.End(sleeper.get()));
  }
}

}  // namespace
}  // namespace dnc
