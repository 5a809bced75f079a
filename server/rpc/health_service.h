// grpc.health.v1 on the completion queue.
//
// gRPC brings a health service of its own, but on its callback API: two more threads that wait for
// events, so that every call to the server, whatever its service, pays for wake-ups.
#pragma once

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/unary_call.h"
#include "server/service/health.h"
#include "server/service/stream_places.h"

namespace dnc {

class HealthService {
 public:
  // At most `max_watches` watches at the same time, and half of them from one address. `board` must
  // outlive the service, and whatever changes it must notify Topic::kHealth.
  HealthService(const HealthBoard* board, int max_watches);
  HealthService(const HealthService&) = delete;
  HealthService& operator=(const HealthService&) = delete;

  grpc::Service* service() { return &service_; }

  // Lets `calls` calls of each method wait for callers; the server must have started. The service
  // must outlive the calls.
  void Arm(const RpcContext& rpc, int calls);

 private:
  const HealthBoard* const board_;
  StreamPlaces watches_;
  grpc::health::v1::Health::AsyncService service_;
  UnaryMethods methods_;
};

}  // namespace dnc
