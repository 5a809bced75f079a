// Refusals that wait before they go out, so that a caller who floods the server with calls that are
// refused is slowed by his own calls under way, and takes little from the others.
//
//   if (!line->Hold(call)) call->Refuse();
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>

#include "grpcpp/alarm.h"
#include "grpcpp/completion_queue.h"
#include "server/rpc/call_queue.h"

namespace dnc {

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
  std::mutex mutex_;
  std::deque<std::pair<Clock::time_point, HeldRefusal*>> held_;  // guarded by mutex_
  bool ticking_ = false;                                         // guarded by mutex_
};

}  // namespace dnc
