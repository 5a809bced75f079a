// A completion queue and the thread that serves it.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "grpcpp/completion_queue.h"

namespace dnc {

// What stands behind a tag of a completion queue.
class QueueEvent {
 public:
  // Called on the queue's thread when the operation has ended.
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

// Serves a queue on a thread of its own. After an event it looks for the next one without
// sleeping for a while, because waking a thread costs more than most calls; the while shrinks when
// looking was in vain, so that an idle queue costs nothing.
class CallQueue {
 public:
  CallQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue, std::chrono::microseconds spin);
  // Stop must have been called if Start was.
  ~CallQueue() = default;
  CallQueue(const CallQueue&) = delete;
  CallQueue& operator=(const CallQueue&) = delete;

  grpc::ServerCompletionQueue* queue() { return queue_.get(); }
  void Start();
  // The server must be shut down and no call left: nothing may be started on the queue any more.
  void Stop();

 private:
  void Run();
  // The next event; false when the queue is shut down and empty.
  bool Next(void** tag, bool* ok);

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  const std::chrono::nanoseconds max_spin_;
  std::chrono::nanoseconds spin_;  // of the thread
  std::thread thread_;
};

}  // namespace dnc
