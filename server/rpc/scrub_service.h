// dnc.v1.ScrubService on the completion queues.
#pragma once

#include "server/rpc/grpc_scrub_call.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/scrub_handler.h"
#include "server/rpc/unary_call.h"

namespace dnc {

class ScrubService {
 public:
  // `handler` must outlive the service.
  explicit ScrubService(ScrubHandler* handler);
  ScrubService(const ScrubService&) = delete;
  ScrubService& operator=(const ScrubService&) = delete;

  grpc::Service* service() { return &service_; }

  // Lets `calls` calls of each method wait for callers; the server must have started. The service
  // must outlive the calls.
  void Arm(const RpcContext& rpc, int calls);

 private:
  ScrubServiceBase service_;
  ScrubHandler* const handler_;
  const ScrubMethod scrub_;
  UnaryMethod<v1::CheckNumberRequest, v1::CheckNumberResponse> check_number_;
};

}  // namespace dnc
