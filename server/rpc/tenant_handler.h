// Answers the requests of dnc.v1.TenantService. Knows nothing of calls and queues.
#pragma once

#include "absl/status/status.h"
#include "dnc/v1/tenant_service.pb.h"
#include "server/records/tenant_records.h"
#include "server/registry/registry.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// Thread-safe. The caller may operate.
class TenantHandler {
 public:
  // What is given must outlive the handler.
  TenantHandler(TenantDirectory* directory, TenantRecords* tenant_records, const Registry* registry)
      : directory_(directory), tenant_records_(tenant_records), registry_(registry) {}

  absl::Status Create(const Caller& caller, const v1::CreateTenantRequest& request,
                      v1::CreateTenantResponse* response);
  absl::Status Update(const Caller& caller, const v1::UpdateTenantRequest& request,
                      v1::UpdateTenantResponse* response);
  absl::Status Remove(const Caller& caller, const v1::RemoveTenantRequest& request,
                      v1::RemoveTenantResponse* response);
  absl::Status Get(const v1::GetTenantRequest& request, v1::GetTenantResponse* response) const;
  absl::Status List(const v1::ListTenantsRequest& request, v1::ListTenantsResponse* response) const;
  absl::Status Changes(const v1::ListTenantChangesRequest& request,
                       v1::ListTenantChangesResponse* response) const;
  absl::Status CreateKey(const Caller& caller, const v1::CreateKeyRequest& request,
                         v1::CreateKeyResponse* response);
  absl::Status ListKeys(const v1::ListKeysRequest& request, v1::ListKeysResponse* response) const;
  absl::Status RevokeKey(const Caller& caller, const v1::RevokeKeyRequest& request,
                         v1::RevokeKeyResponse* response);

 private:
  // A list that nobody has loaded would silently leave out all others. Those that `before` names
  // were loaded when they were named: that one was retired since must not keep a tenant from being
  // suspended.
  absl::Status CheckLists(const Tenant& tenant, const Tenant& before) const;
  absl::StatusOr<TenantViewPtr> UpdateOnce(const Caller& caller, const v1::Tenant& tenant);
  void Fill(const TenantView& view, v1::Tenant* out) const;

  TenantDirectory* const directory_;
  TenantRecords* const tenant_records_;
  const Registry* const registry_;
};

}  // namespace dnc
