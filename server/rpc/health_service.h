// grpc.health.v1 on the completion queue.
//
// gRPC brings a health service of its own, but on its callback API: two more threads that wait for
// events, so that every call to the server, whatever its service, pays for wake-ups.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/stream_places.h"
#include "server/rpc/unary_call.h"

namespace dnc {

// Which services serve. Thread-safe.
class HealthBoard {
 public:
  // Whether `service` serves; nothing if there is no such service.
  std::optional<bool> Serves(const std::string& service) const;
  void Set(std::string_view service, bool serves);
  // For good: later calls of Set change nothing.
  void SetNothingServes();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, bool, std::less<>> serves_;  // guarded by mutex_
  bool closed_ = false;                              // guarded by mutex_
};

class HealthService {
 public:
  // At most `max_watches` watches at the same time, and half of them from one address.
  explicit HealthService(int max_watches = 1024);
  HealthService(const HealthService&) = delete;
  HealthService& operator=(const HealthService&) = delete;

  grpc::Service* service() { return &service_; }
  HealthBoard* board() { return &board_; }

  // Lets `calls` calls of each method wait for callers; the server must have started. The service
  // must outlive the calls.
  void Arm(const RpcContext& rpc, int calls);

 private:
  using Request = grpc::health::v1::HealthCheckRequest;
  using Response = grpc::health::v1::HealthCheckResponse;

  HealthBoard board_;
  StreamPlaces watches_;
  grpc::health::v1::Health::AsyncService service_;
  const UnaryMethod<Request, Response> check_;
};

}  // namespace dnc
