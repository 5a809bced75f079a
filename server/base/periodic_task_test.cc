#include "server/base/periodic_task.h"

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace dnc {
namespace {

TEST(PeriodicTaskTest, WorksAgainAndAgain) {
  absl::BlockingCounter runs(3);
  int done = 0;
  PeriodicTask task(absl::Milliseconds(1), [&] {
    if (++done <= 3) runs.DecrementCount();
  });
  runs.Wait();
}

TEST(PeriodicTaskTest, WakeDoesNotWaitForTheInterval) {
  absl::Notification ran;
  PeriodicTask task(absl::InfiniteDuration(), [&] {
    if (!ran.HasBeenNotified()) ran.Notify();
  });
  task.Wake();
  ran.WaitForNotification();
}

TEST(PeriodicTaskTest, AWakeDuringTheWorkIsNotLost) {
  absl::Notification began;
  absl::Notification go_on;
  absl::Notification again;
  int runs = 0;
  PeriodicTask task(absl::InfiniteDuration(), [&] {
    if (++runs == 1) {
      began.Notify();
      go_on.WaitForNotification();
    } else if (runs == 2) {
      again.Notify();
    }
  });
  task.Wake();
  began.WaitForNotification();
  task.Wake();
  go_on.Notify();
  again.WaitForNotification();
}

TEST(PeriodicTaskTest, NothingRunsAfterStop) {
  int runs = 0;
  PeriodicTask task(absl::InfiniteDuration(), [&] { ++runs; });
  task.Stop();
  task.Wake();
  task.Stop();
  EXPECT_EQ(runs, 0);
}

}  // namespace
}  // namespace dnc
