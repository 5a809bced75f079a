// What every call needs of the server that it runs in, and what all calls have in common.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/server_context.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/sharded_count.h"
#include "server/rpc/call_queue.h"
#include "server/service/admission_control.h"
#include "server/service/authorizer.h"
#include "server/service/request_errors.h"
#include "server/service/waker.h"
#include "server/service/worker_pool.h"

namespace dnc {

class RevisionWait;
class StreamGuard;

// Counts the calls that exist, waiting for a caller or under way. Thread-safe.
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

// What the calls of a queue share. It outlives them.
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
  Waker* waker = nullptr;
  const Clock* clock = nullptr;
  std::chrono::nanoseconds watch_heartbeat = std::chrono::seconds(20);
};

// What the metadata of a call say of its caller; valid as long as the context.
Credentials CredentialsOf(const grpc::ServerContextBase& context);

// Who called a server that was reached by a relay within the process (Relay): this metadata says
// so, which callers can't set.
inline constexpr char kRelayedPeer[] = "dnc-relayed-peer";

// The caller's address in gRPC's text: `ipv4:127.0.0.1:50000`.
std::string PeerOf(const grpc::ServerContextBase& context);

// Base of all calls, which counts them.
class Call {
 public:
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 protected:
  explicit Call(const RpcContext& rpc) : rpc_(rpc) { rpc_.live->Add(); }
  virtual ~Call() { rpc_.live->Remove(); }
  const RpcContext& rpc() const { return rpc_; }

  // Who calls, and whether the call is permitted: Authorizer::Admit.
  absl::StatusOr<Caller> AdmitCaller(const grpc::ServerContextBase& context,
                                     Permission permission) const {
    return rpc_.authorizer->Admit(CredentialsOf(context), permission);
  }
  // The same for a call that has just come: a server that stops refuses it.
  absl::StatusOr<Caller> AdmitNewCaller(const grpc::ServerContextBase& context,
                                        Permission permission) const {
    if (rpc_.stop->stopping()) return Stopping();
    return AdmitCaller(context, permission);
  }
  // Waits until the server is at `revision`, if the caller is not there yet: RevisionWait::Reach.
  absl::Status ReachRevision(uint64_t revision, absl::Time deadline, const Credentials& credentials,
                             Permission permission, Caller* caller) const;
  absl::Status ReachRevision(uint64_t revision, const grpc::ServerContext& context,
                             Permission permission, Caller* caller) const;

 private:
  const RpcContext& rpc_;
};

// When the caller stops waiting; InfiniteFuture if never.
absl::Time DeadlineOf(const grpc::ServerContext& context);

}  // namespace dnc
