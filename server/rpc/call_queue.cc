#include "server/rpc/call_queue.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"

namespace dnc {
namespace {
using SteadyClock = std::chrono::steady_clock;
using std::chrono::nanoseconds;
// What spinning starts from again after a queue was idle.
constexpr nanoseconds kLeastSpin = std::chrono::microseconds(1);
// So many events that were there at once, one after the other, are more than one thread's work.
constexpr int kManyInARow = 8;
// So many events are taken in at once at most, and for so long work goes on in between.
constexpr int kMaxAtOnce = 64;
constexpr nanoseconds kWorkSlice = std::chrono::microseconds(50);
// How long events lie at most while all threads at work are stuck, and how long beside a flood and
// for a second after it. Looking costs each time.
constexpr std::chrono::milliseconds kLookInterval(20);
constexpr std::chrono::milliseconds kFloodLookInterval(1);
constexpr std::chrono::seconds kFloodLasts(1);

// This thread takes events in and puts their work off.
thread_local bool takes_in = false;

void Handle(void* tag, bool ok) { static_cast<QueueEvent*>(tag)->Happen(ok); }

// How long a refusal of a flood is held, and how many at once: each call takes some kilobytes.
constexpr std::chrono::milliseconds kHold(500);
constexpr size_t kMaxHeld = 10'000;
// What came in a burst must not go out in one: at most 4,000 go out in a second.
constexpr std::chrono::milliseconds kTick(2);
constexpr size_t kPerTick = 8;
}  // namespace

CallQueue::CallQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue, int threads,
                     std::chrono::microseconds spin)
    : queue_(std::move(queue)), thread_count_(threads), max_spin_(spin), spin_(spin) {}

void CallQueue::Start() {
  threads_.emplace_back([this] { Lead(); });
  for (int i = 1; i < thread_count_; ++i) threads_.emplace_back([this] { Help(); });
}

void CallQueue::Stop() {
  queue_->Shutdown();
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
    wait_.Notify();
  }
  if (threads_.empty()) Help();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void CallQueue::Submit(QueueWork* work) {
  if (!takes_in) {
    work->Work(false);
    return;
  }
  const absl::MutexLock lock(&waiting_mutex_);
  waiting_.push_back(work);
}

void CallQueue::Lead() {
  void* tag = nullptr;
  bool ok = false;
  bool waited = false;
  int in_a_row = 0;
  while (Next(&tag, &ok, &waited)) {
    in_a_row = waited ? 0 : in_a_row + 1;
    Handle(tag, ok);
    if (in_a_row < kManyInARow) continue;
    in_a_row = 0;
    CallHelper();
    if (!ServeCrowd()) return;
  }
}

bool CallQueue::ServeCrowd() {
  while (true) {
    bool any = false;
    if (!TakeIn(&any)) return false;
    if (!WorkOnWaiting() && !any) return true;
  }
}

bool CallQueue::TakeIn(bool* any) {
  const gpr_timespec now = gpr_time_0(GPR_CLOCK_MONOTONIC);
  void* tag = nullptr;
  bool ok = false;
  for (int i = 0; i < kMaxAtOnce; ++i) {
    switch (queue_->AsyncNext(&tag, &ok, now)) {
      case grpc::CompletionQueue::GOT_EVENT:
        *any = true;
        takes_in = true;
        Handle(tag, ok);
        takes_in = false;
        break;
      case grpc::CompletionQueue::SHUTDOWN:
        return false;
      case grpc::CompletionQueue::TIMEOUT:  // and the sockets have been looked at
        return true;
    }
  }
  PollSockets();
  return true;
}

bool CallQueue::WorkOnWaiting() {
  const SteadyClock::time_point end = SteadyClock::now() + kWorkSlice;
  bool any = false;
  do {
    QueueWork* work = nullptr;
    {
      const absl::MutexLock lock(&waiting_mutex_);
      if (waiting_.empty()) return any;
      work = waiting_.front();
      waiting_.pop_front();
    }
    work->Work(true);
    any = true;
  } while (SteadyClock::now() < end);
  return any;
}

bool CallQueue::Next(void** tag, bool* ok, bool* waited) {
  const gpr_timespec now = gpr_time_0(GPR_CLOCK_MONOTONIC);
  SteadyClock::time_point begin;
  *waited = false;
  do {
    switch (queue_->AsyncNext(tag, ok, now)) {
      case grpc::CompletionQueue::GOT_EVENT:
        if (*waited) spin_ = std::min(max_spin_, std::max(spin_ * 2, kLeastSpin));
        return true;
      case grpc::CompletionQueue::SHUTDOWN:
        return false;
      case grpc::CompletionQueue::TIMEOUT:
        break;
    }
    if (!*waited) begin = SteadyClock::now();
    *waited = true;
  } while (SteadyClock::now() - begin < spin_);
  spin_ /= 2;
  const bool more = queue_->Next(tag, ok);
  // An event that came soon after would have been worth a longer look.
  if (SteadyClock::now() - begin < max_spin_) {
    spin_ = std::min(max_spin_, std::max(spin_ * 4, kLeastSpin));
  }
  return more;
}

void CallQueue::Help() {
  while (ServeCrowd()) Rest();
}

void CallQueue::Rest() {
  const bool flood = SteadyClock::now().time_since_epoch() < flood_until_.load();
  const absl::MutexLock lock(&mutex_);
  if (stopping_) return;
  ++resting_;
  // The helpers look by turns: however many rest, one looks in each interval.
  const auto is_called = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return IsCalled(); };
  wait_.Await(&mutex_, absl::FromChrono((flood ? kFloodLookInterval : kLookInterval) * resting_),
              is_called);
  --resting_;
  if (calls_ > 0) --calls_;
}

void CallQueue::NoteFlood() {
  flood_until_.store(SteadyClock::now().time_since_epoch() + kFloodLasts);
}

void CallQueue::PollSockets() {
  void* tag = nullptr;
  bool ok = false;
  sockets_.AsyncNext(&tag, &ok, gpr_time_0(GPR_CLOCK_MONOTONIC));
}

void CallQueue::CallHelper() {
  const absl::MutexLock lock(&mutex_);
  if (calls_ >= resting_) return;
  ++calls_;
  wait_.NotifyOne();
}

bool DelayedRefusals::Hold(HeldRefusal* call) {
  const absl::MutexLock lock(&mutex_);
  if (held_.size() >= kMaxHeld) return false;
  held_.emplace_back(Clock::now() + kHold, call);
  if (!ticking_) {
    ticking_ = true;
    alarm_.Set(queue_, std::chrono::system_clock::now() + kHold, on_tick_.tag());
  }
  return true;
}

void DelayedRefusals::OnTick(bool /*ok*/) {
  std::vector<HeldRefusal*> due;
  {
    const absl::MutexLock lock(&mutex_);
    const Clock::time_point now = Clock::now();
    while (!held_.empty() && due.size() < kPerTick && held_.front().first <= now) {
      due.push_back(held_.front().second);
      held_.pop_front();
    }
    ticking_ = !held_.empty();
    if (ticking_) {
      alarm_.Set(queue_, std::chrono::system_clock::now() + kTick, on_tick_.tag());
    }
  }
  // The last of them may be the last call of a server that stops: nothing is touched afterwards.
  for (HeldRefusal* const call : due) call->Refuse();
}

}  // namespace dnc
