// grpc.health.v1.
#pragma once

#include "server/rpc/method_table.h"
#include "server/service/health.h"
#include "server/service/stream_places.h"

namespace dnc {

// Outlives the calls.
class HealthService {
 public:
  // At most `max_watches` watches at the same time, and half of them from one address. `board` must
  // outlive the service, and whatever changes it must notify Topic::kHealth.
  HealthService(const HealthBoard* board, int max_watches);
  HealthService(const HealthService&) = delete;
  HealthService& operator=(const HealthService&) = delete;

  // Adds the service's methods.
  void AddTo(MethodTable* table);

 private:
  const HealthBoard* const board_;
  StreamPlaces watches_;
};

}  // namespace dnc
