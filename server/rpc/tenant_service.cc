#include "server/rpc/tenant_service.h"

namespace dnc {

using Generated = v1::TenantService::AsyncService;

TenantService::TenantService(TenantHandler* handler) {
  const auto add = [this](auto request, auto response, Method name, auto request_method,
                          auto handle) {
    methods_.Add<decltype(request), decltype(response)>(&service_, name, Permission::kOperate,
                                                        request_method, handle);
  };
  add(v1::CreateTenantRequest(), v1::CreateTenantResponse(), Method::kCreateTenant,
      &Generated::RequestCreateTenant, [handler](const Caller& caller, const auto& in, auto* out) {
        return handler->Create(caller, in, out);
      });
  add(v1::UpdateTenantRequest(), v1::UpdateTenantResponse(), Method::kUpdateTenant,
      &Generated::RequestUpdateTenant, [handler](const Caller& caller, const auto& in, auto* out) {
        return handler->Update(caller, in, out);
      });
  add(v1::RemoveTenantRequest(), v1::RemoveTenantResponse(), Method::kRemoveTenant,
      &Generated::RequestRemoveTenant, [handler](const Caller& caller, const auto& in, auto* out) {
        return handler->Remove(caller, in, out);
      });
  add(v1::GetTenantRequest(), v1::GetTenantResponse(), Method::kGetTenant,
      &Generated::RequestGetTenant,
      [handler](const Caller&, const auto& in, auto* out) { return handler->Get(in, out); });
  add(v1::ListTenantsRequest(), v1::ListTenantsResponse(), Method::kListTenants,
      &Generated::RequestListTenants,
      [handler](const Caller&, const auto& in, auto* out) { return handler->List(in, out); });
  add(v1::ListTenantChangesRequest(), v1::ListTenantChangesResponse(), Method::kListTenantChanges,
      &Generated::RequestListTenantChanges,
      [handler](const Caller&, const auto& in, auto* out) { return handler->Changes(in, out); });
  add(v1::CreateKeyRequest(), v1::CreateKeyResponse(), Method::kCreateKey,
      &Generated::RequestCreateKey, [handler](const Caller& caller, const auto& in, auto* out) {
        return handler->CreateKey(caller, in, out);
      });
  add(v1::ListKeysRequest(), v1::ListKeysResponse(), Method::kListKeys, &Generated::RequestListKeys,
      [handler](const Caller&, const auto& in, auto* out) { return handler->ListKeys(in, out); });
  add(v1::RevokeKeyRequest(), v1::RevokeKeyResponse(), Method::kRevokeKey,
      &Generated::RequestRevokeKey, [handler](const Caller& caller, const auto& in, auto* out) {
        return handler->RevokeKey(caller, in, out);
      });
}

void TenantService::Arm(const RpcContext& rpc, int calls) {
  for (int i = 0; i < calls; ++i) methods_.Arm(rpc);
}

}  // namespace dnc
