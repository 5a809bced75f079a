#include "server/service/admission_control.h"

#include <gtest/gtest.h>

namespace dnc {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

// The loops are not started: the test's thread takes the place of theirs.
class AdmissionControlTest : public testing::Test {
 protected:
  // A unit takes 100 ns on both loops.
  AdmissionControlTest() {
    for (EventLoop* loop : {&loop_, &other_}) {
      RunAt(nanoseconds(100), loop);
    }
  }
  // Lets the loop's meter see turns at a pace until it knows it.
  static void RunAt(nanoseconds of_a_unit, EventLoop* loop) {
    for (int turn = 0; turn < 500; ++turn) {
      loop->work().EndFullTurn({1'000, {}, of_a_unit * 1'000});
    }
  }
  EventLoop loop_{nanoseconds(0)};
  EventLoop other_{nanoseconds(0)};
};

TEST_F(AdmissionControlTest, RefusesWhatWouldWaitTooLong) {
  AdmissionControl gate({.max_wait = microseconds(250)});
  EXPECT_TRUE(gate.TryEnter(1'000, &loop_));
  EXPECT_TRUE(gate.TryEnter(1'000, &loop_));  // waits 100 us
  EXPECT_TRUE(gate.TryEnter(1'000, &loop_));  // waits 200 us
  EXPECT_FALSE(gate.TryEnter(250, &loop_)) << "300 us, however small the call is";
  EXPECT_TRUE(gate.TryEnter(1'000, &other_)) << "nothing waits there";
  gate.Leave(1'000, &loop_);
  EXPECT_TRUE(gate.TryEnter(250, &loop_));
  EXPECT_EQ(loop_.work().waiting(), 2'250);
}

// It is not the number of calls that counts: at another pace the same calls find room.
TEST_F(AdmissionControlTest, AFasterLoopAdmitsMore) {
  AdmissionControl gate({.max_wait = microseconds(250)});
  const auto admitted = [&gate, this] {
    int count = 0;
    while (gate.TryEnter(250, &loop_)) ++count;
    for (int i = 0; i < count; ++i) gate.Leave(250, &loop_);
    return count;
  };
  EXPECT_NEAR(admitted(), 11, 1);
  RunAt(nanoseconds(10), &loop_);
  EXPECT_NEAR(admitted(), 101, 2);
}

// After a pause a burst is admitted as far as memory allows, and what follows is judged by time
// once the loop has worked on it for a while.
TEST_F(AdmissionControlTest, ABurstAfterAPauseIsAdmitted) {
  AdmissionControl gate({.numbers_under_way = 100'000, .max_wait = microseconds(250)});
  loop_.work().EndShortTurn(/*idle=*/true);
  for (int call = 0; call < 100; ++call) EXPECT_TRUE(gate.TryEnter(1'000, &loop_));
  EXPECT_FALSE(gate.TryEnter(1'000, &loop_));
  for (int call = 0; call < 90; ++call) gate.Leave(1'000, &loop_);
  EXPECT_TRUE(gate.TryEnter(1'000, &loop_)) << "it would wait a millisecond";
  loop_.work().EndFullTurn({90'000, {}, std::chrono::milliseconds(10)});
  EXPECT_FALSE(gate.TryEnter(1'000, &loop_));
}

TEST_F(AdmissionControlTest, AdmitsASingleCallWhateverItCosts) {
  AdmissionControl gate({.numbers_under_way = 1'000, .max_wait = microseconds(250)});
  EXPECT_TRUE(gate.TryEnter(1'000'000'000, &loop_));
  EXPECT_FALSE(gate.TryEnter(250, &loop_));
  gate.Leave(1'000'000'000, &loop_);
  EXPECT_TRUE(gate.TryEnter(250, &loop_));
}

// A loop that is fast enough for all still keeps no more than its memory is to hold.
TEST_F(AdmissionControlTest, BoundsTheNumbersUnderWayOfALoop) {
  AdmissionControl gate({.numbers_under_way = 1'000, .max_wait = std::chrono::hours(1)});
  EXPECT_TRUE(gate.TryEnter(600, &loop_));
  EXPECT_FALSE(gate.TryEnter(600, &loop_));
  EXPECT_TRUE(gate.TryEnter(400, &loop_));
  EXPECT_TRUE(gate.TryEnter(600, &other_));
}

}  // namespace
}  // namespace dnc
