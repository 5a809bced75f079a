// dnc.v1.TenantService on the completion queue.
#pragma once

#include "dnc/v1/tenant_service.grpc.pb.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/tenant_handler.h"
#include "server/rpc/unary_methods.h"

namespace dnc {

class TenantService {
 public:
  // `handler` must outlive the service.
  explicit TenantService(TenantHandler* handler);
  TenantService(const TenantService&) = delete;
  TenantService& operator=(const TenantService&) = delete;

  grpc::Service* service() { return &service_; }

  // As ScrubService::Arm.
  void Arm(const RpcContext& rpc, int calls);

 private:
  v1::TenantService::AsyncService service_;
  UnaryMethods methods_;
};

}  // namespace dnc
