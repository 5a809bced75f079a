#include "server/wire/event_loop.h"

#include <gtest/gtest.h>
#include <time.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace dnc {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr int64_t kCost = 1'000;

nanoseconds ThreadCpuTime() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

// Uses up processor time, however long that takes on a busy machine.
class BusyJob final : public EventLoop::Job {
 public:
  BusyJob(EventLoop* loop, nanoseconds time, std::function<void()> done)
      : loop_(*loop), time_(time), done_(std::move(done)) {}

  void RunJob() override {
    const nanoseconds end = ThreadCpuTime() + time_;
    while (ThreadCpuTime() < end) {
    }
    loop_.work().Remove(kCost);
    done_();
  }

 private:
  EventLoop& loop_;
  const nanoseconds time_;
  const std::function<void()> done_;
};

// Submits so many jobs; `done` is called after the last.
void SubmitJobs(EventLoop* loop, int count, nanoseconds time, const std::function<void()>& done) {
  for (int i = 0; i < count; ++i) {
    loop->work().Add(kCost);
    loop->Submit(std::make_shared<BusyJob>(loop, time,
                                           i + 1 == count ? done : std::function<void()>([] {})));
  }
}

// Runs so many jobs that are there at the same time; what `look` sees after the last.
template <class Look>
auto RunJobs(EventLoop* loop, int count, nanoseconds time, Look look) {
  const auto seen = std::make_shared<std::promise<decltype(look())>>();
  auto result = seen->get_future();
  loop->Post([loop, count, time, look, seen] {
    SubmitJobs(loop, count, time, [look, seen] { seen->set_value(look()); });
  });
  return result.get();
}

TEST(EventLoopTest, MeasuresItsPaceWhileItHasWork) {
  EventLoop loop{nanoseconds(0)};
  loop.Start();
  // A unit takes a microsecond.
  const nanoseconds wait = RunJobs(&loop, 100, milliseconds(1), [&loop] {
    loop.work().Add(kCost);
    const nanoseconds found = loop.work().Wait();
    loop.work().Remove(kCost);
    return found;
  });
  EXPECT_GT(wait, microseconds(900));
  EXPECT_LT(wait, milliseconds(2));
  loop.Stop();
}

TEST(EventLoopTest, IsSteadilyBusyOnlyAfterAWhile) {
  EventLoop loop{nanoseconds(0)};
  loop.Start();
  const auto busy = [&loop] { return loop.work().SteadilyBusy(); };
  EXPECT_FALSE(RunJobs(&loop, 5, milliseconds(1), busy));
  // Until the loop has had a pause: it sleeps when nothing is left.
  while (RunJobs(&loop, 1, nanoseconds(1), busy)) {
  }
  EXPECT_TRUE(RunJobs(&loop, 50, milliseconds(1), busy));
  while (RunJobs(&loop, 1, nanoseconds(1), busy)) {
  }
  loop.Stop();
}

// While calls are refused, those that were admitted are worked on, and others wait in the sockets.
TEST(EventLoopTest, RefusingLeavesTheTimeToWork) {
  EventLoop loop{nanoseconds(0)};
  loop.Start();
  int refused = 0;
  bool over = false;
  std::promise<int> while_working;
  // Stands for sockets that always have more: each event refuses a call.
  std::function<void()> flood = [&] {
    const nanoseconds end = ThreadCpuTime() + microseconds(50);
    while (ThreadCpuTime() < end) {
    }
    loop.work().NoteRefused(kCost);
    ++refused;
    if (!over) loop.Post(flood);
  };
  loop.Post([&] {
    SubmitJobs(&loop, 100, milliseconds(1), [&] {
      over = true;
      while_working.set_value(refused);
    });
    flood();
  });
  const int count = while_working.get_future().get();
  loop.Stop();
  // A tenth of 100 ms would be 222 of 50 us; half would be 2,000.
  EXPECT_LT(count, 400);
  EXPECT_GT(count, 50);
}

// So much that a job which takes a millisecond counts as long, whatever pace was measured.
constexpr int64_t kLongCost = 10'000'000;
constexpr std::chrono::seconds kPatience(10);

// A job that another loop may take over, and that counts on the loop that runs it.
class MovableJob final : public EventLoop::Job {
 public:
  MovableJob(EventLoop* loop, std::function<void(EventLoop* on)> run)
      : home_(loop), loop_(loop), run_(std::move(run)) {
    loop_->work().Add(kCost);
  }

  void RunJob() override {
    EXPECT_TRUE(loop_->InThread());
    run_(loop_);
    loop_->work().Remove(kCost);
  }
  void OnGivenAway() override {
    EXPECT_TRUE(home_->InThread());
    loop_->work().MoveAway(kCost);
  }
  void OnTaken(EventLoop* by) override {
    EXPECT_TRUE(by->InThread());
    loop_ = by;
    loop_->work().MoveHere(kCost);
  }

 private:
  EventLoop* const home_;
  EventLoop* loop_;
  const std::function<void(EventLoop*)> run_;
};

// Two loops that take over each other's long jobs.
class SharedLoopsTest : public testing::Test {
 protected:
  SharedLoopsTest() {
    loop_.ShareWith({&other_});
    other_.ShareWith({&loop_});
    loop_.Start();
    other_.Start();
  }

  static void WaitUntilFree(const EventLoop& loop) {
    while (!loop.IsFree()) std::this_thread::sleep_for(microseconds(10));
  }
  // Submits a job that takes a millisecond to a loop that has nothing else to do, and `behind` it
  // so many small ones. Returns the loop that has run the job, when all are done.
  static EventLoop* RunOne(EventLoop* loop, int64_t cost, int behind) {
    std::promise<EventLoop*> ran;
    std::promise<void> all;
    WaitUntilFree(*loop);
    loop->Post([&] {
      const auto run = [&ran](EventLoop* on) {
        std::this_thread::sleep_for(milliseconds(1));
        ran.set_value(on);
      };
      loop->Submit(std::make_shared<MovableJob>(loop, run), cost);
      SubmitJobs(loop, behind, nanoseconds(0), [&all] { all.set_value(); });
    });
    EventLoop* const on = ran.get_future().get();
    if (behind > 0) all.get_future().wait();
    return on;
  }
  // Keeps a loop busy until the promise is set.
  static void Occupy(EventLoop* loop, std::promise<void>* until) {
    std::promise<void> begun;
    loop->Post([&begun, loop, over = until->get_future().share()] {
      SubmitJobs(loop, 1, nanoseconds(0), [&begun, over] {
        begun.set_value();
        over.wait();
      });
    });
    begun.get_future().wait();
  }
  static int64_t WaitingAt(EventLoop* loop) {
    std::promise<int64_t> waiting;
    loop->Post([&] { waiting.set_value(loop->work().waiting()); });
    return waiting.get_future().get();
  }

  EventLoop loop_{microseconds(50)};
  EventLoop other_{microseconds(50)};
};

// The job waits for the small one behind it, which it would hold up on the same loop.
TEST_F(SharedLoopsTest, ALongJobDoesNotHoldUpThoseBehindIt) {
  WaitUntilFree(other_);
  std::promise<void> small;
  std::promise<std::pair<EventLoop*, bool>> ran;
  loop_.Post([&] {
    const auto wait = [&ran, behind = small.get_future().share()](EventLoop* on) {
      ran.set_value({on, behind.wait_for(kPatience) == std::future_status::ready});
    };
    loop_.Submit(std::make_shared<MovableJob>(&loop_, wait), kLongCost);
    SubmitJobs(&loop_, 1, nanoseconds(0), [&small] { small.set_value(); });
  });
  const auto [on, behind_ran] = ran.get_future().get();
  EXPECT_TRUE(behind_ran);
  EXPECT_EQ(on, &other_);
  // It has counted where it ran, and counts nowhere any more.
  EXPECT_EQ(WaitingAt(&other_), 0);
  EXPECT_EQ(WaitingAt(&loop_), 0);
}

TEST_F(SharedLoopsTest, ALongJobThatIsAloneStays) {
  for (int i = 0; i < 20; ++i) {
    WaitUntilFree(other_);
    EXPECT_EQ(RunOne(&loop_, kLongCost, 0), &loop_);
  }
}

TEST_F(SharedLoopsTest, AShortJobStays) {
  for (int i = 0; i < 20; ++i) {
    WaitUntilFree(other_);
    EXPECT_EQ(RunOne(&loop_, /*cost=*/250, 3), &loop_);
  }
}

TEST_F(SharedLoopsTest, AJobWithoutACostStays) {
  WaitUntilFree(other_);
  EXPECT_EQ(RunOne(&loop_, /*cost=*/0, 3), &loop_);
}

TEST_F(SharedLoopsTest, NobodyTakesAJobWhenAllAreBusy) {
  std::promise<void> over;
  Occupy(&other_, &over);
  EXPECT_EQ(RunOne(&loop_, kLongCost, 3), &loop_);
  over.set_value();
  WaitUntilFree(other_);
  EXPECT_EQ(RunOne(&loop_, kLongCost, 3), &other_);
}

// Each of many jobs runs once, and one loop does not do all.
TEST_F(SharedLoopsTest, BothWorkOnManyJobs) {
  constexpr int kJobs = 50;
  std::atomic<int> here{0};
  std::atomic<int> there{0};
  std::atomic<int> ran{0};
  std::promise<void> all;
  WaitUntilFree(other_);
  loop_.Post([&] {
    for (int i = 0; i < kJobs; ++i) {
      const auto run = [&](EventLoop* on) {
        std::this_thread::sleep_for(milliseconds(1));
        ++(on == &loop_ ? here : there);
        if (++ran == kJobs) all.set_value();
      };
      loop_.Submit(std::make_shared<MovableJob>(&loop_, run), kLongCost);
    }
  });
  EXPECT_EQ(all.get_future().wait_for(kPatience), std::future_status::ready);
  EXPECT_GT(here, 0);
  EXPECT_GT(there, 0);
}

// Once callers have waited behind a long job, the next one goes away though nobody waits yet; after
// a quiet time it stays again.
TEST_F(SharedLoopsTest, LongJobsGoAwayForAWhileAfterOthersWaited) {
  bool went = false;
  // A machine that stops the threads for long makes it a quiet time.
  for (int i = 0; i < 100 && !went; ++i) {
    WaitUntilFree(other_);
    EXPECT_EQ(RunOne(&loop_, kLongCost, 1), &other_);
    WaitUntilFree(other_);
    went = RunOne(&loop_, kLongCost, 0) == &other_;
  }
  EXPECT_TRUE(went);
  std::this_thread::sleep_for(milliseconds(200));
  WaitUntilFree(other_);
  EXPECT_EQ(RunOne(&loop_, kLongCost, 0), &loop_);
}

// Its own callers would wait instead. It helps only those who wait now.
TEST_F(SharedLoopsTest, WhereCallersWaitedLatelyNobodyGivesAJobInAdvance) {
  bool seen = false;
  for (int i = 0; i < 100 && !seen; ++i) {
    const auto begin = EventLoop::Clock::now();
    std::promise<void> over;
    Occupy(&loop_, &over);
    EXPECT_EQ(RunOne(&other_, kLongCost, 1), &other_);
    over.set_value();
    WaitUntilFree(other_);
    EXPECT_EQ(RunOne(&loop_, kLongCost, 1), &other_);
    WaitUntilFree(other_);
    EventLoop* const on = RunOne(&loop_, kLongCost, 0);
    seen = EventLoop::Clock::now() - begin < milliseconds(90);
    if (seen) {
      EXPECT_EQ(on, &loop_);
    }
  }
  EXPECT_TRUE(seen) << "the machine stood still again and again";
}

TEST_F(SharedLoopsTest, NobodyGivesAJobToALoopThatHasStopped) {
  WaitUntilFree(other_);
  other_.Stop();
  EXPECT_EQ(RunOne(&loop_, kLongCost, 3), &loop_);
}

// Whatever is under way when loops stop, each job is run or dropped, once, and nobody hangs.
TEST(StoppedLoopsTest, NothingIsLeftOfJobsWhenLoopsStop) {
  // Counts down as it goes away.
  std::atomic<int> left{0};
  for (int round = 0; round < 200; ++round) {
    EventLoop loop{microseconds(20)};
    EventLoop other{microseconds(20)};
    loop.ShareWith({&other});
    other.ShareWith({&loop});
    loop.Start();
    other.Start();
    loop.Post([&] {
      for (int i = 0; i < 10; ++i) {
        ++left;
        const std::shared_ptr<std::atomic<int>> counted(&left,
                                                        [](std::atomic<int>* count) { --*count; });
        loop.Submit(
            std::make_shared<MovableJob>(
                &loop, [counted](EventLoop*) { std::this_thread::sleep_for(microseconds(10)); }),
            kLongCost);
      }
    });
    std::this_thread::sleep_for(microseconds(round));
    (round % 2 == 0 ? loop : other).Stop();
    (round % 2 == 0 ? other : loop).Stop();
  }
  EXPECT_EQ(left, 0);
}

}  // namespace
}  // namespace dnc
