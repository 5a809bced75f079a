#include "server/wire/event_loop.h"

#include <gtest/gtest.h>
#include <time.h>

#include <functional>
#include <future>
#include <memory>
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

}  // namespace
}  // namespace dnc
