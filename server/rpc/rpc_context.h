// What every call needs of the server that it runs in.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/sharded_count.h"
#include "server/service/admission_control.h"
#include "server/service/authorizer.h"
#include "server/service/revision_wait.h"
#include "server/service/waker.h"
#include "server/service/worker_pool.h"

namespace dnc {

// Counts the calls that exist, whoever holds them: loops, workers, committers, the waker.
// Thread-safe.
class LiveCalls {
 public:
  void Add() { count_.Add(); }
  void Remove() { count_.Remove(); }
  // Returns when there is none, and calls `meanwhile` again and again. It is called only at the
  // end, so it may poll.
  void WaitUntilNone(const std::function<void()>& meanwhile) const;

 private:
  ShardedCount count_;
};

// Counts one as long as it lives.
class LiveCall {
 public:
  explicit LiveCall(LiveCalls* live) : live_(*live) { live_.Add(); }
  ~LiveCall() { live_.Remove(); }
  LiveCall(const LiveCall&) = delete;
  LiveCall& operator=(const LiveCall&) = delete;

 private:
  LiveCalls& live_;
};

// Whether the server stops. Thread-safe.
class StopSign {
 public:
  using Clock = std::chrono::steady_clock;

  // What begins from now on is refused, and what is still under way at `last_moment` is to end.
  void BeginStop(Clock::time_point last_moment) {
    last_moment_.store(last_moment.time_since_epoch().count(), std::memory_order_relaxed);
    stopping_.store(true, std::memory_order_release);
  }
  bool stopping() const { return stopping_.load(std::memory_order_acquire); }
  // Whether what is under way must end now.
  bool late() const {
    return stopping() &&
           Clock::now().time_since_epoch().count() >= last_moment_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<bool> stopping_{false};
  std::atomic<Clock::rep> last_moment_{0};
};

// What the calls of a server share. It outlives them.
struct RpcContext {
  WorkerPool* workers = nullptr;
  Metrics* metrics = nullptr;
  LiveCalls* live = nullptr;
  const StopSign* stop = nullptr;
  const Authorizer* authorizer = nullptr;
  AdmissionControl* gate = nullptr;
  RevisionWait* revisions = nullptr;
  Waker* waker = nullptr;
  const Clock* clock = nullptr;
  size_t max_message = 4 << 20;  // bytes of a request, also when it is decompressed
  std::chrono::nanoseconds watch_heartbeat = std::chrono::seconds(20);
};

}  // namespace dnc
