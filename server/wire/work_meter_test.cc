#include "server/wire/work_meter.h"

#include <gtest/gtest.h>

namespace dnc {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// Lets the meter see turns at a pace until it knows it.
void RunAt(nanoseconds of_a_unit, WorkMeter* meter) {
  for (int turn = 0; turn < 500; ++turn) meter->EndFullTurn({1'000, {}, of_a_unit * 1'000});
}

TEST(WorkMeterTest, TheWaitIsWhatWaitsAtTheMeasuredPace) {
  WorkMeter meter;
  EXPECT_EQ(meter.Wait(), nanoseconds::zero());
  meter.Add(1'000);
  meter.Add(4'000);
  EXPECT_EQ(meter.waiting(), 5'000);
  EXPECT_GT(meter.Wait(), microseconds(10)) << "there is a guess before anything is measured";
  EXPECT_LT(meter.Wait(), milliseconds(1));
  RunAt(nanoseconds(10), &meter);
  EXPECT_NEAR(static_cast<double>(meter.Wait().count()), 50'000, 500);
  meter.Remove(4'000);
  EXPECT_NEAR(static_cast<double>(meter.Wait().count()), 10'000, 100);
  meter.Remove(1'000);
  EXPECT_EQ(meter.Wait(), nanoseconds::zero());
}

TEST(WorkMeterTest, FollowsThePace) {
  WorkMeter meter;
  meter.Add(1'000);
  RunAt(nanoseconds(10), &meter);
  RunAt(nanoseconds(100), &meter);
  EXPECT_NEAR(static_cast<double>(meter.Wait().count()), 100'000, 1'000);
  RunAt(nanoseconds(10), &meter);
  EXPECT_NEAR(static_cast<double>(meter.Wait().count()), 10'000, 100);
}

// One turn of another pace says little: a long batch beside short ones.
TEST(WorkMeterTest, IsNotTakenInByOneTurn) {
  WorkMeter meter;
  meter.Add(1'000);
  RunAt(nanoseconds(10), &meter);
  meter.EndFullTurn({1'000, {}, microseconds(100)});
  EXPECT_LT(meter.Wait(), microseconds(15));
}

// A turn may have done nothing that counts.
TEST(WorkMeterTest, TakesTurnsWithoutWork) {
  WorkMeter meter;
  meter.Add(1'000);
  for (int turn = 0; turn < 100'000; ++turn) meter.EndFullTurn({0, {}, microseconds(100)});
  EXPECT_GT(meter.Wait(), milliseconds(1));
  EXPECT_LT(meter.Wait(), std::chrono::hours(1));
  RunAt(nanoseconds(10), &meter);
  EXPECT_LT(meter.Wait(), microseconds(15));
}

// Work that others do says nothing of the loop's pace.
TEST(WorkMeterTest, WhatMovesAwayIsNotDone) {
  WorkMeter meter;
  RunAt(nanoseconds(10), &meter);
  meter.Add(1'000'000);
  meter.MoveAway(1'000'000);
  EXPECT_EQ(meter.waiting(), 0);
  meter.EndShortTurn(/*idle=*/false);
  EXPECT_EQ(meter.TakeMoved(), 0) << "it belonged to that turn";
  meter.Add(500);
  meter.MoveAway(500);
  EXPECT_EQ(meter.TakeMoved(), 500);
  EXPECT_EQ(meter.TakeMoved(), 0);
  meter.Add(1'000);
  EXPECT_NEAR(static_cast<double>(meter.Wait().count()), 10'000, 100);
}

TEST(WorkMeterTest, WhatMovesHereWaitsUntilItIsDone) {
  WorkMeter meter;
  RunAt(nanoseconds(10), &meter);
  meter.MoveHere(1'000);
  EXPECT_EQ(meter.waiting(), 1'000);
  EXPECT_NEAR(static_cast<double>(meter.Wait().count()), 10'000, 100);
  meter.Remove(1'000);
  EXPECT_EQ(meter.waiting(), 0);
  EXPECT_EQ(meter.TakeMoved(), 0) << "nothing moved away from here";
}

TEST(WorkMeterTest, KnowsHowLongAJobTakes) {
  WorkMeter meter;
  EXPECT_GT(meter.TimeOf(10'000), microseconds(50)) << "there is a guess before one was seen";
  for (int job = 0; job < 500; ++job) meter.NoteJob(10'000, microseconds(20));
  EXPECT_NEAR(static_cast<double>(meter.TimeOf(10'000).count()), 20'000, 200);
  // The thread did not run for a while. That says little of the job.
  meter.NoteJob(10'000, milliseconds(100));
  EXPECT_LT(meter.TimeOf(10'000), microseconds(25));
  for (int job = 0; job < 500; ++job) meter.NoteJob(1'000, microseconds(50));
  EXPECT_NEAR(static_cast<double>(meter.TimeOf(1'000).count()), 50'000, 500);
}

TEST(WorkMeterTest, WhoRefusesNothingMayAlwaysTakeIn) {
  WorkMeter meter;
  for (int turn = 0; turn < 100; ++turn) {
    meter.Add(250);
    meter.EndFullTurn({0, milliseconds(10), milliseconds(10)});
    EXPECT_TRUE(meter.MayTakeIn());
  }
}

TEST(WorkMeterTest, RefusingIsEarnedByWork) {
  WorkMeter meter;
  meter.Add(250);
  meter.NoteRefused(750);
  EXPECT_TRUE(meter.refuses());
  // Of 100 us refusing took 75, and the other 25 are work.
  meter.EndFullTurn({0, microseconds(100), microseconds(100)});
  EXPECT_FALSE(meter.refuses());
  EXPECT_FALSE(meter.MayTakeIn());
  meter.EndFullTurn({0, {}, microseconds(9 * 75 - 25 - 9)});
  EXPECT_FALSE(meter.MayTakeIn());
  meter.EndFullTurn({0, {}, microseconds(10)});
  EXPECT_TRUE(meter.MayTakeIn());
}

// Whatever comes, the loop looks at its sockets again soon.
TEST(WorkMeterTest, ALongTurnOfRefusalsIsForgotten) {
  WorkMeter meter;
  meter.NoteRefused(250);
  meter.EndFullTurn({0, std::chrono::seconds(10), std::chrono::seconds(10)});
  EXPECT_FALSE(meter.MayTakeIn());
  meter.EndFullTurn({0, {}, milliseconds(5)});
  EXPECT_TRUE(meter.MayTakeIn());
}

// Lets turns take in for 50 us when they may, and work for 100 us; every `turns`-th of them that
// takes in refuses a call. Returns the share of the time that went into taking in.
double ShareOfTakingIn(int turns) {
  WorkMeter meter;
  nanoseconds taking{0};
  nanoseconds all{0};
  int took = 0;
  for (int turn = 0; turn < 10'000; ++turn) {
    const nanoseconds around = meter.MayTakeIn() ? microseconds(50) : nanoseconds(0);
    if (meter.MayTakeIn() && ++took % turns == 0) meter.NoteRefused(16'000);
    meter.EndFullTurn({0, around, around + microseconds(100)});
    taking += around;
    all += around + microseconds(100);
  }
  return static_cast<double>(taking.count()) / static_cast<double>(all.count());
}

TEST(WorkMeterTest, AFloodOfRefusalsGetsATenth) {
  EXPECT_NEAR(ShareOfTakingIn(1), 0.1, 0.01);
  EXPECT_NEAR(ShareOfTakingIn(5), 0.1, 0.01) << "a large request arrives over several turns";
}

// A loop is busy once it has had work for ten milliseconds without a pause, whether or not all was
// done at the end of some turn.
TEST(WorkMeterTest, ABurstIsNoSteadyWork) {
  WorkMeter meter;
  for (int burst = 0; burst < 10; ++burst) {
    EXPECT_FALSE(meter.SteadilyBusy());
    meter.EndFullTurn({1'000, {}, milliseconds(9)});
    EXPECT_FALSE(meter.SteadilyBusy());
    meter.EndShortTurn(/*idle=*/true);
  }
  for (int turn = 0; turn < 10; ++turn) {
    EXPECT_FALSE(meter.SteadilyBusy());
    meter.EndFullTurn({1'000, {}, milliseconds(1)});
    meter.EndShortTurn(/*idle=*/false);
  }
  EXPECT_TRUE(meter.SteadilyBusy());
  meter.EndShortTurn(/*idle=*/true);
  EXPECT_FALSE(meter.SteadilyBusy());
}

}  // namespace
}  // namespace dnc
