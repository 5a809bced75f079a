// What every call needs of the server that it runs in.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "absl/time/time.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/server_context.h"
#include "server/rpc/admission_control.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/delayed_refusals.h"
#include "server/rpc/stop_line.h"
#include "server/rpc/worker_pool.h"
#include "server/telemetry/metrics.h"

namespace dnc {

class RevisionWait;
class StreamGuard;

// Counts the calls that exist, waiting for a caller or under way. Thread-safe.
class LiveCalls {
 public:
  void Add() { count_.fetch_add(1, std::memory_order_relaxed); }
  void Remove() { count_.fetch_sub(1, std::memory_order_release); }
  // Returns when there is none; only at the end, so it may poll.
  void WaitUntilNone() const;

 private:
  std::atomic<int64_t> count_{0};
};

// Shared by the calls of a queue; outlives them.
struct RpcContext {
  grpc::ServerCompletionQueue* queue = nullptr;
  WorkerPool* workers = nullptr;
  Metrics* metrics = nullptr;
  LiveCalls* live = nullptr;
  StopLine* stop = nullptr;
  const Authorizer* authorizer = nullptr;
  CallQueue* calls = nullptr;  // the same queue, for work that can wait its turn
  AdmissionControl* gate = nullptr;
  DelayedRefusals* refusals = nullptr;
  RevisionWait* revisions = nullptr;
  StreamGuard* guard = nullptr;
  std::chrono::nanoseconds watch_heartbeat = std::chrono::seconds(20);
};

// Base of all calls: counts itself.
class Call {
 public:
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 protected:
  explicit Call(const RpcContext& rpc) : rpc_(rpc) { rpc_.live->Add(); }
  virtual ~Call() { rpc_.live->Remove(); }
  const RpcContext& rpc() const { return rpc_; }

 private:
  const RpcContext& rpc_;
};

// The two ends of a call that asks gRPC to say when it is done: its own Finish, and gRPC's word.
// They come in any order, perhaps at the same time on two threads; whoever comes last deletes the
// call.
class CallEnds {
 public:
  // True for the last of the two.
  bool Arrive() { return left_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

 private:
  std::atomic<int> left_{2};
};

// When the caller stops waiting; far in the future if never.
absl::Time DeadlineOf(const grpc::ServerContext& context);

}  // namespace dnc
