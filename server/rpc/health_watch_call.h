// Health.Watch: tells whether a service serves, at once and at every change.
#pragma once

#include <atomic>
#include <optional>

#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/alarm.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/health_service.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/stream_places.h"

namespace dnc {

// Looks at the board five times a second. Deletes itself when the stream has ended and gRPC has
// said so.
class HealthWatchCall final : public Call {
 public:
  // Waits for a caller. All that is given must outlive the call.
  static void Arm(grpc::health::v1::Health::AsyncService* service, const HealthBoard* board,
                  StreamPlaces* places, const RpcContext& rpc);

 private:
  using Response = grpc::health::v1::HealthCheckResponse;

  HealthWatchCall(grpc::health::v1::Health::AsyncService* service, const HealthBoard* board,
                  StreamPlaces* places, const RpcContext& rpc);

  void OnStart(bool ok);
  void OnTime(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);
  // The call has ended in one way or another: with our Finish, or because the caller is gone.
  void OnDone(bool ok);

  void Look();
  void Finish(const absl::Status& status);

  grpc::health::v1::Health::AsyncService* const service_;
  const HealthBoard* const board_;
  StreamPlaces* const places_;
  StreamPlace place_;
  grpc::ServerContext context_;
  grpc::health::v1::HealthCheckRequest request_;
  Response response_;  // the last answer
  grpc::ServerAsyncWriter<Response> stream_;
  grpc::Alarm alarm_;
  CallEnds ends_;
  std::atomic<bool> gone_{false};  // the caller, or the call is finished
  MemberEvent<HealthWatchCall, &HealthWatchCall::OnStart> on_start_{this};
  MemberEvent<HealthWatchCall, &HealthWatchCall::OnTime> on_time_{this};
  MemberEvent<HealthWatchCall, &HealthWatchCall::OnWrite> on_write_{this};
  MemberEvent<HealthWatchCall, &HealthWatchCall::OnFinish> on_finish_{this};
  MemberEvent<HealthWatchCall, &HealthWatchCall::OnDone> on_done_{this};
};

}  // namespace dnc
