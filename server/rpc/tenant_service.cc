#include "server/rpc/tenant_service.h"

#include <vector>

#include "server/base/status_macros.h"
#include "server/rpc/translate_tenant.h"
#include "server/rpc/unary_call.h"

namespace dnc {
namespace {

void AddTenants(TenantAdmin* admin, MethodTable* table) {
  AddUnary<v1::CreateTenantRequest, v1::CreateTenantResponse>(
      table, "/dnc.v1.TenantService/CreateTenant", Method::kCreateTenant, Permission::kOperate,
      [admin](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const GivenTenant given, FromProto(in.tenant()));
        DNC_ASSIGN_OR_RETURN(const ToldTenant told, admin->Create(caller, given));
        FillTenant(told, out->mutable_tenant());
        return absl::OkStatus();
      });
  AddUnary<v1::UpdateTenantRequest, v1::UpdateTenantResponse>(
      table, "/dnc.v1.TenantService/UpdateTenant", Method::kUpdateTenant, Permission::kOperate,
      [admin](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const GivenTenant given, FromProto(in.tenant()));
        DNC_ASSIGN_OR_RETURN(const ToldTenant told, admin->Update(caller, given));
        FillTenant(told, out->mutable_tenant());
        return absl::OkStatus();
      });
  AddUnary<v1::RemoveTenantRequest, v1::RemoveTenantResponse>(
      table, "/dnc.v1.TenantService/RemoveTenant", Method::kRemoveTenant, Permission::kOperate,
      [admin](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const uint64_t revision, admin->Remove(caller, in.tenant_id()));
        out->set_revision(revision);
        return absl::OkStatus();
      });
  AddUnary<v1::GetTenantRequest, v1::GetTenantResponse>(
      table, "/dnc.v1.TenantService/GetTenant", Method::kGetTenant, Permission::kOperate,
      [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const ToldTenant told, admin->Get(in.tenant_id()));
        FillTenant(told, out->mutable_tenant());
        return absl::OkStatus();
      });
  AddUnary<v1::ListTenantsRequest, v1::ListTenantsResponse>(
      table, "/dnc.v1.TenantService/ListTenants", Method::kListTenants, Permission::kOperate,
      [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const TenantsPage page, admin->List(in.page_size(), in.page_token()));
        for (const ToldTenant& told : page.tenants) FillTenant(told, out->add_tenants());
        out->set_next_page_token(page.next_token);
        return absl::OkStatus();
      });
  AddUnary<v1::ListTenantChangesRequest, v1::ListTenantChangesResponse>(
      table, "/dnc.v1.TenantService/ListTenantChanges", Method::kListTenantChanges,
      Permission::kOperate, [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const TenantChangesPage page,
                             admin->Changes(in.tenant_id(), in.page_size(), in.page_token()));
        for (const TenantChange& change : page.changes) FillChange(change, out->add_changes());
        out->set_next_page_token(page.next_token);
        return absl::OkStatus();
      });
}

void AddKeys(TenantAdmin* admin, MethodTable* table) {
  AddUnary<v1::CreateKeyRequest, v1::CreateKeyResponse>(
      table, "/dnc.v1.TenantService/CreateKey", Method::kCreateKey, Permission::kOperate,
      [admin](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const GivenKey given, FromProto(in));
        DNC_ASSIGN_OR_RETURN(const TenantDirectory::CreatedKey created,
                             admin->CreateKey(caller, given));
        FillKey(created.key, out->mutable_key());
        out->set_secret(created.secret);
        return absl::OkStatus();
      });
  AddUnary<v1::ListKeysRequest, v1::ListKeysResponse>(
      table, "/dnc.v1.TenantService/ListKeys", Method::kListKeys, Permission::kOperate,
      [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const std::vector<ApiKey> keys, admin->Keys(in.tenant_id()));
        for (const ApiKey& key : keys) FillKey(key, out->add_keys());
        return absl::OkStatus();
      });
  AddUnary<v1::RevokeKeyRequest, v1::RevokeKeyResponse>(
      table, "/dnc.v1.TenantService/RevokeKey", Method::kRevokeKey, Permission::kOperate,
      [admin](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const ApiKey key, admin->RevokeKey(caller, in.key_id()));
        FillKey(key, out->mutable_key());
        return absl::OkStatus();
      });
}

}  // namespace

void AddTenantService(TenantAdmin* admin, MethodTable* table) {
  AddTenants(admin, table);
  AddKeys(admin, table);
}

}  // namespace dnc
