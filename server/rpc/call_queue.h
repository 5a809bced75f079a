// A completion queue and the threads that serve it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "grpcpp/completion_queue.h"

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
  // On a thread of the queue, in an event: works now, or if events pile up, when they have been
  // looked at; in the order of their coming.
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
  void Rest();
  void CallHelper();
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

  std::mutex mutex_;
  std::condition_variable called_;
  int resting_ = 0;        // helpers; guarded by mutex_
  int calls_ = 0;          // for helpers, not answered yet; guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_

  std::mutex waiting_mutex_;
  std::deque<QueueWork*> waiting_;  // guarded by waiting_mutex_
};

}  // namespace dnc
