// WatchChanges: tells of a tenant's changes, those that are kept and those to come.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "dnc/v1/list_service.grpc.pb.h"
#include "grpcpp/alarm.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/list_handler.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/stream_guard.h"
#include "server/rpc/stream_places.h"

namespace dnc {

// Looks twenty times a second whether there is a later revision, and then, on a worker, what the
// tenant has of it. While there is nothing, says so now and then (rpc.watch_heartbeat_seconds).
// Deletes itself when the stream has ended and gRPC has said so.
class WatchChangesCall final : public Call, private GuardedStream {
 public:
  // Waits for a caller. All that is given must outlive the call.
  static void Arm(v1::ListService::AsyncService* service, ListHandler* handler,
                  StreamPlaces* places, const RpcContext& rpc);

 private:
  WatchChangesCall(v1::ListService::AsyncService* service, ListHandler* handler,
                   StreamPlaces* places, const RpcContext& rpc);

  void OnStart(bool ok);
  void OnTime(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);
  // The call has ended in one way or another: with our Finish, or because the caller is gone.
  void OnDone(bool ok);

  void Look();  // on a worker
  void LookSoon();
  void Write();
  // Tells the caller that all up to `revision` is told.
  void Heartbeat(uint64_t revision);
  void EndRead(const absl::Status& /*status*/) override {}  // there are no reads
  void Finish(const absl::Status& status);

  v1::ListService::AsyncService* const service_;
  ListHandler* const handler_;
  StreamPlaces* const places_;
  StreamPlace place_;
  grpc::ServerContext context_;
  v1::WatchChangesRequest request_;
  v1::WatchChangesResponse response_;
  grpc::ServerAsyncWriter<v1::WatchChangesResponse> stream_;
  grpc::Alarm alarm_;
  uint64_t after_ = 0;      // all changes up to this revision are told
  size_t told_ = 0;         // and so many of the next that has some
  bool begun_ = false;      // the server has got as far as `after_`
  uint64_t looked_at_ = 0;  // the server's revision at the last look that found nothing
  std::chrono::steady_clock::time_point written_at_;  // the last response
  std::atomic<bool> gone_{false};                     // the caller, or the call is finished
  MemberEvent<WatchChangesCall, &WatchChangesCall::OnStart> on_start_{this};
  MemberEvent<WatchChangesCall, &WatchChangesCall::OnTime> on_time_{this};
  MemberEvent<WatchChangesCall, &WatchChangesCall::OnWrite> on_write_{this};
  MemberEvent<WatchChangesCall, &WatchChangesCall::OnFinish> on_finish_{this};
  MemberEvent<WatchChangesCall, &WatchChangesCall::OnDone> on_done_{this};
};

}  // namespace dnc
