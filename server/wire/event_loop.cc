#include "server/wire/event_loop.h"

#include <time.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace dnc {
namespace {
constexpr int kMaxAtOnce = 64;
constexpr std::chrono::microseconds kTakeInSlice(100);
constexpr std::chrono::microseconds kWorkSlice(100);
constexpr std::chrono::nanoseconds kLeastSpin = std::chrono::microseconds(1);

// Costs a third of a microsecond.
std::chrono::nanoseconds ThreadCpuTime() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}
}  // namespace

EventLoop::EventLoop(std::chrono::nanoseconds spin)
    // One thread runs it, and others post to it.
    : io_(std::make_unique<boost::asio::io_context>(1)), max_spin_(spin), spin_(spin) {}

EventLoop::~EventLoop() { Stop(); }

void EventLoop::Start() {
  thread_ = std::thread([this] { Run(); });
}

void EventLoop::Stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true);
  boost::asio::post(*io_, [] {});  // wakes it
  thread_.join();
  id_ = std::thread::id();  // another thread may get it
}

void EventLoop::Post(std::function<void()> task) { boost::asio::post(*io_, std::move(task)); }

void EventLoop::Run() {
  id_ = std::this_thread::get_id();
  const auto keeps_running = boost::asio::make_work_guard(*io_);
  Clock::time_point idle_since{};
  bool woken = false;
  while (!stopping_.load(std::memory_order_relaxed)) {
    if (Turn(std::exchange(woken, false))) {
      // Looking was worth its while.
      if (idle_since != Clock::time_point{}) spin_ = std::min(max_spin_, spin_ * 2 + kLeastSpin);
      idle_since = {};
      continue;
    }
    const Clock::time_point now = Clock::now();
    if (idle_since == Clock::time_point{}) idle_since = now;
    if (now - idle_since < spin_) continue;
    spin_ /= 2;
    io_->run_one();
    FlushAll();
    woken = true;
    // An event that came soon after would have been worth a longer look.
    if (Clock::now() - idle_since < max_spin_) spin_ = std::min(max_spin_, spin_ * 4 + kLeastSpin);
    idle_since = {};
  }
  jobs_.clear();
  dirty_.clear();
}

bool EventLoop::Turn(bool woken) {
  if (!woken && !jobs_.empty()) {
    FullTurn();
    return true;
  }
  const bool took = TakeIn(/*left_over=*/false);
  const bool worked = Work();
  FlushAll();
  const bool idle = !took && !worked && dirty_.empty() && jobs_.empty();
  meter_.EndShortTurn(idle);
  return !idle;
}

void EventLoop::FullTurn() {
  if (measured_since_ == std::chrono::nanoseconds::zero()) measured_since_ = ThreadCpuTime();
  const std::chrono::nanoseconds begin = measured_since_;
  const bool took = meter_.MayTakeIn() && TakeIn(/*left_over=*/true);
  const std::chrono::nanoseconds taken = took ? ThreadCpuTime() : begin;
  const int64_t waiting = meter_.waiting();
  Work();
  const int64_t done = waiting - meter_.waiting() - meter_.TakeMoved();
  const std::chrono::nanoseconds worked = ThreadCpuTime() - taken;
  FlushAll();
  const std::chrono::nanoseconds end = ThreadCpuTime();
  meter_.EndFullTurn({done, end - begin - worked, end - begin});
  measured_since_ = jobs_.empty() ? std::chrono::nanoseconds::zero() : end;
}

bool EventLoop::TakeIn(bool left_over) {
  int taken = 0;
  Clock::time_point end{};
  while (taken < kMaxAtOnce && io_->poll_one() > 0) {
    ++taken;
    if (!left_over && !meter_.refuses()) continue;
    const Clock::time_point now = Clock::now();
    if (end == Clock::time_point{}) end = now + kTakeInSlice;
    if (now >= end) break;
  }
  return taken > 0;
}

bool EventLoop::Work() {
  if (jobs_.empty()) return false;
  const Clock::time_point end = Clock::now() + kWorkSlice;
  do {
    const std::shared_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    job->RunJob();
  } while (!jobs_.empty() && Clock::now() < end);
  return true;
}

void EventLoop::FlushAll() {
  // What flushing makes dirty is flushed in the next turn, behind what has arrived meanwhile.
  flushing_.swap(dirty_);
  for (const std::shared_ptr<Flushed>& one : flushing_) one->Flush();
  flushing_.clear();
}

}  // namespace dnc
