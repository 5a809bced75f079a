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
// A job of a lower cost can't be long, and is not worth a look at the clock.
constexpr int64_t kLeastLongCost = 1'000;
// A hand-over that must wake a thread adds some 50 us to the job's own answer. For a job that is
// not longer than that, nobody gains anything (bench_long_batches).
constexpr std::chrono::microseconds kLong(100);
// So long a loop gives long jobs away after callers have waited behind one.
constexpr std::chrono::milliseconds kCrowdedFor(100);

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
      WithdrawOffer();
      // Looking was worth its while.
      if (idle_since != Clock::time_point{}) spin_ = std::min(max_spin_, spin_ * 2 + kLeastSpin);
      idle_since = {};
      continue;
    }
    const Clock::time_point now = Clock::now();
    if (idle_since == Clock::time_point{}) {
      idle_since = now;
      OfferItself(now);
    }
    if (now - idle_since < spin_) continue;
    spin_ /= 2;
    Offer awake = Offer::kAwake;
    offer_.compare_exchange_strong(awake, Offer::kAsleep, std::memory_order_relaxed);
    io_->run_one();
    WithdrawOffer();
    FlushAll();
    woken = true;
    // An event that came soon after would have been worth a longer look.
    if (Clock::now() - idle_since < max_spin_) spin_ = std::min(max_spin_, spin_ * 4 + kLeastSpin);
    idle_since = {};
  }
  offer_.store(Offer::kNone, std::memory_order_relaxed);
  jobs_.clear();
  dirty_.clear();
}

void EventLoop::OfferItself(Clock::time_point now) {
  offered_ = true;
  offer_.store(now < crowded_until_ ? Offer::kIfOthersWait : Offer::kAwake,
               std::memory_order_relaxed);
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
  // What is found after a long job has waited for its end.
  const bool waited = std::exchange(ran_long_, false);
  if (jobs_.empty()) return false;
  WithdrawOffer();
  const Clock::time_point begin = Clock::now();
  if (waited || begin < away_until_) crowded_until_ = begin + kCrowdedFor;
  do {
    Waiting next = std::move(jobs_.front());
    jobs_.pop_front();
    if (next.cost < kLeastLongCost) {
      next.job->RunJob();
    } else {
      RunOrGive(&next, waited);
    }
  } while (!jobs_.empty() && Clock::now() < begin + kWorkSlice);
  return true;
}

void EventLoop::RunOrGive(Waiting* next, bool waited) {
  const Clock::time_point begin = Clock::now();
  const std::chrono::nanoseconds takes = meter_.TimeOf(next->cost);
  const bool is_long = takes >= kLong;
  if (is_long) {
    const bool others_wait = waited || !jobs_.empty();
    if (others_wait) crowded_until_ = begin + kCrowdedFor;
    if (!next->taken && begin < crowded_until_ && GiveAway(next, others_wait)) {
      // It may be done sooner than it seems, and its own caller may then ask again.
      away_until_ = begin + takes / 2;
      return;
    }
  }
  next->job->RunJob();
  meter_.NoteJob(next->cost, Clock::now() - begin);
  ran_long_ = ran_long_ || is_long;
}

bool EventLoop::GiveAway(Waiting* next, bool others_wait) {
  EventLoop* const taker = FindFree(others_wait);
  if (taker == nullptr) return false;
  next->job->OnGivenAway();
  taker->Post([taker, job = std::move(next->job), cost = next->cost] {
    job->OnTaken(taker);
    taker->jobs_.push_back({job, cost, /*taken=*/true});
  });
  return true;
}

EventLoop* EventLoop::FindFree(bool others_wait) {
  for (const Offer wanted : {Offer::kAwake, Offer::kAsleep, Offer::kIfOthersWait}) {
    if (wanted == Offer::kIfOthersWait && !others_wait) break;
    for (EventLoop* const other : others_) {
      Offer offer = other->offer_.load(std::memory_order_relaxed);
      if (offer == wanted &&
          other->offer_.compare_exchange_strong(offer, Offer::kNone, std::memory_order_relaxed)) {
        return other;
      }
    }
  }
  return nullptr;
}

void EventLoop::FlushAll() {
  // What flushing makes dirty is flushed in the next turn, behind what has arrived meanwhile.
  flushing_.swap(dirty_);
  for (const std::shared_ptr<Flushed>& one : flushing_) one->Flush();
  flushing_.clear();
}

}  // namespace dnc
