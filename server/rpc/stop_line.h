// Calls that come while the server stops, and when they are told so.
//
// gRPC 1.51 cuts off calls that arrive after it has begun to shut down and before their caller has
// heard of it: such a caller sees CANCELLED without a reason. So calls that arrive just before are
// held, which keeps their callers from sending further ones, and are answered with STOPPING when
// GOAWAY has gone out: whoever repeats his call then opens another connection.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <vector>

#include "server/rpc/delayed_refusals.h"

namespace dnc {

// Thread-safe. Calls are held only between BeginStop and Release.
class StopLine {
 public:
  using Clock = std::chrono::steady_clock;

  StopLine() = default;
  StopLine(const StopLine&) = delete;
  StopLine& operator=(const StopLine&) = delete;

  // Whether the server stops: a call that has just arrived is refused.
  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }

  // Of a call that has just arrived, while the server stops: refuses it, now or when it is time.
  void Refuse(HeldRefusal* call) {
    {
      const std::lock_guard lock(mutex_);
      if (!released_) {
        held_.push_back(call);
        return;
      }
    }
    call->Refuse();
  }

  // What is under way after `last_moment` is to end.
  void BeginStop(Clock::time_point last_moment) {
    last_moment_.store(last_moment.time_since_epoch().count(), std::memory_order_relaxed);
    stopping_.store(true, std::memory_order_release);
  }

  // Whether what is under way must end now.
  bool late() const {
    return stopping_.load(std::memory_order_acquire) &&
           Clock::now().time_since_epoch().count() >= last_moment_.load(std::memory_order_relaxed);
  }

  // Refuses all that is held, and from now on at once.
  void Release() {
    std::vector<HeldRefusal*> held;
    {
      const std::lock_guard lock(mutex_);
      released_ = true;
      held.swap(held_);
    }
    for (HeldRefusal* const call : held) call->Refuse();
  }

 private:
  std::atomic<bool> stopping_{false};
  std::atomic<Clock::rep> last_moment_{0};
  std::mutex mutex_;
  bool released_ = false;           // guarded by mutex_
  std::vector<HeldRefusal*> held_;  // guarded by mutex_
};

}  // namespace dnc
