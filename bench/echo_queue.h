// The completion queue of the echo, and the threads that serve it: as good as gRPC's server in C++
// gets. `dncd` had such a queue until it had a transport of its own, so that figures of then and
// now are beside the same echo.
//
//             gRPC's events
//                  |
//   leader:  Next -+-> Happen -- eight in a row? --> TakeIn, until nothing is left
//                                     |
//                                 CallHelper
//                                     v
//   helpers: Rest (called, or 20 ms) --------------> the same --> Rest
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/completion_queue.h"
#include "server/base/steady_wait.h"

namespace dnc {

// What stands behind a tag of a completion queue.
class EchoEvent {
 public:
  // Called on a thread of the queue when the operation has ended.
  void Happen(bool ok) {
    // Pairs with tag(): what the thread that started the operation wrote is visible here.
    started_.load(std::memory_order_acquire);
    Run(ok);
  }
  // Hand this to the operation. Nothing of the call may be touched by the starting thread
  // afterwards.
  void* tag() {
    started_.store(true, std::memory_order_release);
    return this;
  }

 protected:
  ~EchoEvent() = default;

 private:
  virtual void Run(bool ok) = 0;
  std::atomic<bool> started_{false};
};

// Calls a member function of its owner.
template <class Owner, void (Owner::*kMethod)(bool)>
class EchoMemberEvent final : public EchoEvent {
 public:
  explicit EchoMemberEvent(Owner* owner) : owner_(owner) {}

 private:
  void Run(bool ok) override { (owner_->*kMethod)(ok); }
  Owner* owner_;
};

// Serves a queue with as few of its threads as can do it: with two that wait, every call pays for
// wake-ups. After an event the leader looks for the next one without sleeping for a while, which
// shrinks when looking was in vain. It serves until the process ends.
class EchoQueue {
 public:
  EchoQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue, int threads,
            std::chrono::microseconds spin);
  EchoQueue(const EchoQueue&) = delete;
  EchoQueue& operator=(const EchoQueue&) = delete;

  grpc::ServerCompletionQueue* queue() { return queue_.get(); }
  void Start();

 private:
  // What the first thread and the others do.
  void Lead();
  void Help();
  // The next event for the first thread; false at the end. `*waited`: it was not there at once.
  bool Next(void** tag, bool* ok, bool* waited);
  // Handles what has arrived until nothing is left. False at the end.
  bool ServeCrowd();
  // Rests until called or until it is time to look.
  void Rest() ABSL_LOCKS_EXCLUDED(mutex_);
  void CallHelper() ABSL_LOCKS_EXCLUDED(mutex_);

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  const int thread_count_;
  const std::chrono::nanoseconds max_spin_;
  std::chrono::nanoseconds spin_;  // of the first thread
  std::vector<std::thread> threads_;

  absl::Mutex mutex_;
  SteadyWait wait_;                          // of helpers, for what mutex_ guards
  int resting_ ABSL_GUARDED_BY(mutex_) = 0;  // helpers
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;    // for helpers, not answered yet
};

}  // namespace dnc
