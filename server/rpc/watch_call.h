// WatchLoad: tells of a load until it has ended.
#pragma once

#include <atomic>
#include <string>

#include "dnc/v1/registry_service.grpc.pb.h"
#include "grpcpp/alarm.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/registry_handler.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/stream_guard.h"
#include "server/rpc/stream_places.h"

namespace dnc {

// Looks at the load ten times a second, on a worker, and writes what has changed. Deletes itself
// when the stream has ended and gRPC has said so.
class WatchCall final : public Call, private GuardedStream {
 public:
  // Waits for a caller. All that is given must outlive the call.
  static void Arm(v1::RegistryService::AsyncService* service, RegistryHandler* handler,
                  StreamPlaces* places, const RpcContext& rpc);

 private:
  WatchCall(v1::RegistryService::AsyncService* service, RegistryHandler* handler,
            StreamPlaces* places, const RpcContext& rpc);

  void OnStart(bool ok);
  void OnTime(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);
  // The call has ended in one way or another: with our Finish, or because the caller is gone.
  void OnDone(bool ok);

  void Look();  // on a worker
  void LookSoon();
  void EndRead(const absl::Status& /*status*/) override {}  // there are no reads
  void Finish(const absl::Status& status);

  v1::RegistryService::AsyncService* const service_;
  RegistryHandler* const handler_;
  StreamPlaces* const places_;
  StreamPlace place_;
  grpc::ServerContext context_;
  v1::WatchLoadRequest request_;
  v1::WatchLoadResponse response_;
  grpc::ServerAsyncWriter<v1::WatchLoadResponse> stream_;
  grpc::Alarm alarm_;
  std::string written_;            // the last answer
  std::atomic<bool> gone_{false};  // the caller, or the call is finished
  MemberEvent<WatchCall, &WatchCall::OnStart> on_start_{this};
  MemberEvent<WatchCall, &WatchCall::OnTime> on_time_{this};
  MemberEvent<WatchCall, &WatchCall::OnWrite> on_write_{this};
  MemberEvent<WatchCall, &WatchCall::OnFinish> on_finish_{this};
  MemberEvent<WatchCall, &WatchCall::OnDone> on_done_{this};
};

}  // namespace dnc
