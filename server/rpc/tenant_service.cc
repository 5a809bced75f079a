#include "server/rpc/tenant_service.h"

#include <vector>

#include "server/base/status_macros.h"
#include "server/rpc/translate_tenant.h"

namespace dnc {
namespace {
using GeneratedTenants = v1::TenantService::AsyncService;
}  // namespace

TenantService::TenantService(TenantAdmin* admin) {
  AddTenants(admin);
  AddKeys(admin);
}

void TenantService::AddTenants(TenantAdmin* admin) {
  methods_.Add<v1::CreateTenantRequest, v1::CreateTenantResponse>(
      &service_, Method::kCreateTenant, Permission::kOperate,
      &GeneratedTenants::RequestCreateTenant,
      [admin](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const GivenTenant given, FromProto(in.tenant()));
        DNC_ASSIGN_OR_RETURN(const ToldTenant told, admin->Create(caller, given));
        FillTenant(told, out->mutable_tenant());
        return absl::OkStatus();
      });
  methods_.Add<v1::UpdateTenantRequest, v1::UpdateTenantResponse>(
      &service_, Method::kUpdateTenant, Permission::kOperate,
      &GeneratedTenants::RequestUpdateTenant,
      [admin](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const GivenTenant given, FromProto(in.tenant()));
        DNC_ASSIGN_OR_RETURN(const ToldTenant told, admin->Update(caller, given));
        FillTenant(told, out->mutable_tenant());
        return absl::OkStatus();
      });
  methods_.Add<v1::RemoveTenantRequest, v1::RemoveTenantResponse>(
      &service_, Method::kRemoveTenant, Permission::kOperate,
      &GeneratedTenants::RequestRemoveTenant,
      [admin](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const uint64_t revision, admin->Remove(caller, in.tenant_id()));
        out->set_revision(revision);
        return absl::OkStatus();
      });
  methods_.Add<v1::GetTenantRequest, v1::GetTenantResponse>(
      &service_, Method::kGetTenant, Permission::kOperate, &GeneratedTenants::RequestGetTenant,
      [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const ToldTenant told, admin->Get(in.tenant_id()));
        FillTenant(told, out->mutable_tenant());
        return absl::OkStatus();
      });
  methods_.Add<v1::ListTenantsRequest, v1::ListTenantsResponse>(
      &service_, Method::kListTenants, Permission::kOperate, &GeneratedTenants::RequestListTenants,
      [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const TenantsPage page, admin->List(in.page_size(), in.page_token()));
        for (const ToldTenant& told : page.tenants) FillTenant(told, out->add_tenants());
        out->set_next_page_token(page.next_token);
        return absl::OkStatus();
      });
  methods_.Add<v1::ListTenantChangesRequest, v1::ListTenantChangesResponse>(
      &service_, Method::kListTenantChanges, Permission::kOperate,
      &GeneratedTenants::RequestListTenantChanges,
      [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const TenantChangesPage page,
                             admin->Changes(in.tenant_id(), in.page_size(), in.page_token()));
        for (const TenantChange& change : page.changes) FillChange(change, out->add_changes());
        out->set_next_page_token(page.next_token);
        return absl::OkStatus();
      });
}

void TenantService::AddKeys(TenantAdmin* admin) {
  methods_.Add<v1::CreateKeyRequest, v1::CreateKeyResponse>(
      &service_, Method::kCreateKey, Permission::kOperate, &GeneratedTenants::RequestCreateKey,
      [admin](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const GivenKey given, FromProto(in));
        DNC_ASSIGN_OR_RETURN(const TenantDirectory::CreatedKey created,
                             admin->CreateKey(caller, given));
        FillKey(created.key, out->mutable_key());
        out->set_secret(created.secret);
        return absl::OkStatus();
      });
  methods_.Add<v1::ListKeysRequest, v1::ListKeysResponse>(
      &service_, Method::kListKeys, Permission::kOperate, &GeneratedTenants::RequestListKeys,
      [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const std::vector<ApiKey> keys, admin->Keys(in.tenant_id()));
        for (const ApiKey& key : keys) FillKey(key, out->add_keys());
        return absl::OkStatus();
      });
  methods_.Add<v1::RevokeKeyRequest, v1::RevokeKeyResponse>(
      &service_, Method::kRevokeKey, Permission::kOperate, &GeneratedTenants::RequestRevokeKey,
      [admin](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const ApiKey key, admin->RevokeKey(caller, in.key_id()));
        FillKey(key, out->mutable_key());
        return absl::OkStatus();
      });
}

void TenantService::Arm(const RpcContext& rpc, int calls) {
  for (int i = 0; i < calls; ++i) methods_.Arm(rpc);
}

}  // namespace dnc
