// A completion queue and the threads that serve it.
//
//             gRPC's events                          calls that were put off
//                  |                                           |
//   leader:  Next -+-> Happen -- eight in a row? --> TakeIn <--+--> WorkOnWaiting
//                                     |                (by turns until nothing is left)
//                                 CallHelper
//                                     v
//   helpers: Rest (called, or 20 ms) --------------> the same turns --> Rest
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/alarm.h"
#include "grpcpp/completion_queue.h"
#include "server/base/steady_wait.h"

namespace dnc {

// What stands behind a tag of a completion queue.
class QueueEvent {
 public:
  // Called on a thread of the queue when the operation has ended.
  void Happen(bool ok) {
    // Pairs with tag(): what the thread that started the operation wrote is visible here.
    started_.load(std::memory_order_acquire);
    Run(ok);
  }

  // Hand this to the operation. Nothing of the call may be touched by the starting thread
  // afterwards: the event may be handled, and the call gone, before the operation returns.
  void* tag() {
    started_.store(true, std::memory_order_release);
    return this;
  }

 protected:
  ~QueueEvent() = default;

 private:
  virtual void Run(bool ok) = 0;
  std::atomic<bool> started_{false};
};

// Calls a member function of its owner.
//
//   MemberEvent<Call, &Call::OnRead> on_read_{this};
template <class Owner, void (Owner::*kMethod)(bool)>
class MemberEvent final : public QueueEvent {
 public:
  explicit MemberEvent(Owner* owner) : owner_(owner) {}

 private:
  void Run(bool ok) override { (owner_->*kMethod)(ok); }
  Owner* owner_;
};

// What a call has to do and the queue may put off until it has looked at what else has arrived.
class QueueWork {
 public:
  // `waited`: it was put off, so that the caller's deadline may have passed.
  virtual void Work(bool waited) = 0;

 protected:
  ~QueueWork() = default;
};

// Serves a queue with as few of its threads as can do it. Of the threads that wait for events, gRPC
// lets one watch the sockets and wakes another whenever that one has found something: with two
// waiting, every call pays for wake-ups. So one thread leads, and the others rest. One of them is
// called when events pile up, and rests again when there is nothing left to do. Those that rest
// also look now and then by themselves, should all that work be stuck: often beside a flood, whose
// frames keep a thread inside gRPC.
//
// A thread that finds event after event takes in all that has arrived, sockets included, before it
// goes on with the work that the events brought: so no caller shuts out another, calls that are
// refused, and whatever else is no work of the queue, go before it, and how much waits is known.
//
// After an event the leader looks for the next one without sleeping for a while, because waking
// costs more than most calls; the while shrinks when looking was in vain, so that an idle queue
// costs nothing.
//
// Two operations of a call that are under way at the same time may end on two threads at once.
class CallQueue {
 public:
  CallQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue, int threads,
            std::chrono::microseconds spin);
  // Stop must have been called if Start was.
  ~CallQueue() = default;
  CallQueue(const CallQueue&) = delete;
  CallQueue& operator=(const CallQueue&) = delete;

  grpc::ServerCompletionQueue* queue() { return queue_.get(); }
  // Is called on a thread of the queue, in an event. The work is done now, or if events pile up,
  // when they have been looked at, in the order of their coming.
  void Submit(QueueWork* work);
  // Tells of a call that belongs to a flood. Thread-safe.
  void NoteFlood();
  void Start();
  // The server must be shut down and no call left: nothing may be started on the queue any more.
  void Stop();

 private:
  // What the first thread and the others do. They end when the queue is shut down and empty.
  void Lead();
  void Help();
  // The next event for the first thread; false at the end. `*waited`: it was not there at once.
  bool Next(void** tag, bool* ok, bool* waited);
  // Takes in and works by turns until there is neither event nor work. False at the end.
  bool ServeCrowd();
  // Handles what has arrived, `any`: was there something. False at the end.
  bool TakeIn(bool* any);
  // Works on what waits, for a short while; whether there was something.
  bool WorkOnWaiting();
  // Rests until called or until it is time to look.
  void Rest() ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsCalled() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return calls_ > 0 || stopping_; }
  void CallHelper() ABSL_LOCKS_EXCLUDED(mutex_);
  // Lets gRPC read what has arrived, without waiting.
  void PollSockets();

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  grpc::CompletionQueue sockets_;  // always empty: a look at it is a look at the sockets
  const int thread_count_;
  const std::chrono::nanoseconds max_spin_;
  std::chrono::nanoseconds spin_;  // of the first thread
  std::vector<std::thread> threads_;

  // Since the steady clock's epoch.
  std::atomic<std::chrono::nanoseconds> flood_until_{std::chrono::nanoseconds::min()};

  absl::Mutex mutex_;
  SteadyWait wait_;                          // of helpers, for what mutex_ guards
  int resting_ ABSL_GUARDED_BY(mutex_) = 0;  // helpers
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;    // for helpers, not answered yet
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  absl::Mutex waiting_mutex_;
  std::deque<QueueWork*> waiting_ ABSL_GUARDED_BY(waiting_mutex_);
};

// Refusals that do not go out at once, of two kinds:
//
// DelayedRefusals keeps those of a flood for half a second: a caller who floods the server with
// calls that are refused is slowed by his own calls under way, and takes little from the others.
//
//   if (!refusals->Hold(call)) call->Refuse();
//
// StopLine keeps those of calls that come while the server stops. gRPC 1.51 cuts off calls that
// arrive after it has begun to shut down and before their caller has heard of it: such a caller
// sees CANCELLED without a reason. So calls that arrive just before are held, which keeps their
// callers from sending further ones, and are answered with STOPPING when GOAWAY has gone out:
// whoever repeats his call then opens another connection.
//
//   calls --Refuse--> [ held ] --Release, behind GOAWAY--> STOPPING

// A call that is refused.
class HeldRefusal {
 public:
  // Sends the refusal. Called once, on a thread of the queue.
  virtual void Refuse() = 0;

 protected:
  ~HeldRefusal() = default;
};

// Thread-safe. All that is held must have been refused before the queue shuts down.
class DelayedRefusals {
 public:
  explicit DelayedRefusals(grpc::CompletionQueue* queue) : queue_(queue) {}
  DelayedRefusals(const DelayedRefusals&) = delete;
  DelayedRefusals& operator=(const DelayedRefusals&) = delete;

  // Takes the call for half a second. False if so many are held that there is no room: then the
  // caller refuses it.
  bool Hold(HeldRefusal* call);

 private:
  using Clock = std::chrono::steady_clock;
  void OnTick(bool ok);

  grpc::CompletionQueue* const queue_;
  grpc::Alarm alarm_;
  MemberEvent<DelayedRefusals, &DelayedRefusals::OnTick> on_tick_{this};
  absl::Mutex mutex_;
  std::deque<std::pair<Clock::time_point, HeldRefusal*>> held_ ABSL_GUARDED_BY(mutex_);
  bool ticking_ ABSL_GUARDED_BY(mutex_) = false;
};

// Thread-safe. Calls are held only between BeginStop and Release.
class StopLine {
 public:
  using Clock = std::chrono::steady_clock;

  StopLine() = default;
  StopLine(const StopLine&) = delete;
  StopLine& operator=(const StopLine&) = delete;

  // The server stops, so a call that has just arrived is refused.
  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }

  // Refuses a call that has just arrived while the server stops, now or when it is time.
  void Refuse(HeldRefusal* call) {
    {
      const absl::MutexLock lock(&mutex_);
      if (!released_) {
        held_.push_back(call);
        return;
      }
    }
    call->Refuse();
  }

  // The server stops. What is still under way at `last_moment` is to end.
  void BeginStop(Clock::time_point last_moment) {
    last_moment_.store(last_moment.time_since_epoch().count(), std::memory_order_relaxed);
    stopping_.store(true, std::memory_order_release);
  }

  // What is under way must end now.
  bool late() const {
    return stopping_.load(std::memory_order_acquire) &&
           Clock::now().time_since_epoch().count() >= last_moment_.load(std::memory_order_relaxed);
  }

  // Refuses all that is held, and from now on at once.
  void Release() {
    std::vector<HeldRefusal*> held;
    {
      const absl::MutexLock lock(&mutex_);
      released_ = true;
      held.swap(held_);
    }
    for (HeldRefusal* const call : held) call->Refuse();
  }

 private:
  std::atomic<bool> stopping_{false};
  std::atomic<Clock::rep> last_moment_{0};
  absl::Mutex mutex_;
  bool released_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<HeldRefusal*> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dnc
