// dnc.v1.TenantService on the completion queue.
#pragma once

#include "dnc/v1/tenant_service.grpc.pb.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/unary_call.h"
#include "server/service/tenant_admin.h"

namespace dnc {

class TenantService {
 public:
  // `admin` must outlive the service.
  explicit TenantService(TenantAdmin* admin);
  TenantService(const TenantService&) = delete;
  TenantService& operator=(const TenantService&) = delete;

  grpc::Service* service() { return &service_; }

  // Lets `calls` calls of each method wait for callers; the server must have started. The service
  // must outlive the calls.
  void Arm(const RpcContext& rpc, int calls);

 private:
  void AddTenants(TenantAdmin* admin);
  void AddKeys(TenantAdmin* admin);

  v1::TenantService::AsyncService service_;
  UnaryMethods methods_;
};

}  // namespace dnc
