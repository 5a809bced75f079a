#include "server/rpc/tenant_handler.h"

#include <algorithm>
#include <string>
#include <vector>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/rpc/error_status.h"
#include "server/rpc/page.h"
#include "server/rpc/translate_tenant.h"
#include "server/rpc/translate_time.h"
#include "spdlog/spdlog.h"

namespace dnc {
namespace {

// Others may change the tenant while it is updated, but not as often as that.
constexpr int kUpdatesTried = 100;

absl::StatusOr<size_t> SizeOfPage(uint32_t asked) {
  if (asked > kMaxPageSize) {
    return InvalidRequest(StrCat("`page_size` is at most ", kMaxPageSize));
  }
  return asked == 0 ? kDefaultPageSize : asked;
}

}  // namespace

absl::Status TenantHandler::CheckLists(const Tenant& tenant, const Tenant& before) const {
  if (tenant.terms.lists.empty()) return absl::OkStatus();
  const std::vector<ListInfo> known = registry_->Lists();
  for (const std::string& name : tenant.terms.lists) {
    const std::vector<std::string>& named = before.terms.lists;
    if (std::find(named.begin(), named.end(), name) != named.end()) continue;
    const bool found = std::any_of(known.begin(), known.end(),
                                   [&name](const ListInfo& list) { return list.list == name; });
    if (!found) {
      return InvalidRequest(StrCat("the policy names the list `", name,
                                   "`, which this server does not have; load it first, or leave "
                                   "`lists` empty to count all"));
    }
  }
  return absl::OkStatus();
}

void TenantHandler::Fill(const TenantView& view, v1::Tenant* out) const {
  FillTenant(view.tenant, out);
  out->set_records(tenant_records_->Records(view.tenant.number));
}

absl::Status TenantHandler::Create(const Caller& caller, const v1::CreateTenantRequest& request,
                                   v1::CreateTenantResponse* response) {
  const v1::Tenant& asked = request.tenant();
  if (asked.state() == v1::TENANT_STATE_SUSPENDED) {
    return InvalidRequest(
        "a new tenant is active; make it without `state`, and suspend it with UpdateTenant");
  }
  if (asked.has_created_at() || asked.revision() != 0 || asked.records() != 0) {
    return InvalidRequest(
        "`created_at`, `revision` and `records` are what the server tells of a tenant; leave them "
        "out");
  }
  DNC_ASSIGN_OR_RETURN(Tenant tenant, FromProto(asked, Tenant()));
  DNC_RETURN_IF_ERROR(CheckLists(tenant, Tenant()));
  tenant.state = TenantState::kActive;
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr view, directory_->Create(tenant, caller.key_id));
  Fill(*view, response->mutable_tenant());
  return absl::OkStatus();
}

absl::Status TenantHandler::Update(const Caller& caller, const v1::UpdateTenantRequest& request,
                                   v1::UpdateTenantResponse* response) {
  // Whoever names no revision wants the change on top of whatever there is.
  absl::StatusOr<TenantViewPtr> view = UpdateOnce(caller, request.tenant());
  for (int i = 0; i < kUpdatesTried && request.tenant().revision() == 0 && !view.ok() &&
                  absl::IsAborted(view.status());
       ++i) {
    view = UpdateOnce(caller, request.tenant());
  }
  DNC_RETURN_IF_ERROR(view.status());
  Fill(**view, response->mutable_tenant());
  return absl::OkStatus();
}

absl::StatusOr<TenantViewPtr> TenantHandler::UpdateOnce(const Caller& caller,
                                                        const v1::Tenant& tenant) {
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr before, directory_->Find(tenant.tenant_id()));
  const Tenant& base = before->tenant;
  if (tenant.has_created_at()) {
    DNC_ASSIGN_OR_RETURN(const absl::Time created_at, FromTimestamp(tenant.created_at()));
    if (created_at != base.created_at) {
      return InvalidRequest(
          "`created_at` can't be changed; leave it out, or as GetTenant tells it");
    }
  }
  DNC_ASSIGN_OR_RETURN(Tenant after, FromProto(tenant, base));
  DNC_RETURN_IF_ERROR(CheckLists(after, base));
  // What is left out stays as it was looked up: nobody else may change it in between.
  if (after.revision == 0) after.revision = base.revision;
  return directory_->Update(after, caller.key_id);
}

absl::Status TenantHandler::Remove(const Caller& caller, const v1::RemoveTenantRequest& request,
                                   v1::RemoveTenantResponse* response) {
  DNC_ASSIGN_OR_RETURN(const Tenant gone, directory_->Remove(request.tenant_id(), caller.key_id));
  // Nobody can ask for them any more; what stays now is dropped at the next start.
  if (const absl::Status dropped = tenant_records_->Drop(gone.number); !dropped.ok()) {
    spdlog::warn("records of a removed tenant are still on the disk: {}",
                 std::string(dropped.message()));
  }
  response->set_revision(gone.revision);
  return absl::OkStatus();
}

absl::Status TenantHandler::Get(const v1::GetTenantRequest& request,
                                v1::GetTenantResponse* response) const {
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr view, directory_->Find(request.tenant_id()));
  Fill(*view, response->mutable_tenant());
  return absl::OkStatus();
}

absl::Status TenantHandler::List(const v1::ListTenantsRequest& request,
                                 v1::ListTenantsResponse* response) const {
  DNC_ASSIGN_OR_RETURN(const size_t size, SizeOfPage(request.page_size()));
  // The token is the last id told.
  std::vector<TenantViewPtr> views = directory_->List(request.page_token(), size + 1);
  const bool more = views.size() > size;
  if (more) views.resize(size);
  for (const TenantViewPtr& view : views) Fill(*view, response->add_tenants());
  if (more) response->set_next_page_token(views.back()->tenant.id);
  return absl::OkStatus();
}

absl::Status TenantHandler::Changes(const v1::ListTenantChangesRequest& request,
                                    v1::ListTenantChangesResponse* response) const {
  DNC_ASSIGN_OR_RETURN(const Page page, ReadPage(request.page_size(), request.page_token()));
  DNC_ASSIGN_OR_RETURN(std::vector<TenantChange> changes,
                       directory_->Changes(request.tenant_id(), page.size + 1, page.before_id));
  const bool more = changes.size() > page.size;
  if (more) changes.resize(page.size);
  for (const TenantChange& change : changes) FillChange(change, response->add_changes());
  if (more) response->set_next_page_token(std::to_string(changes.back().revision));
  return absl::OkStatus();
}

absl::Status TenantHandler::CreateKey(const Caller& caller, const v1::CreateKeyRequest& request,
                                      v1::CreateKeyResponse* response) {
  ApiKey key;
  key.tenant_id = request.tenant_id();
  key.display_name = request.display_name();
  for (const int scope : request.scopes()) {
    if (scope < v1::KEY_SCOPE_SCRUB || scope > v1::KeyScope_MAX) {
      return InvalidRequest("a scope has a value that this server does not know");
    }
    key.scopes.push_back(static_cast<KeyScope>(scope));
  }
  if (request.has_expires_at()) {
    DNC_ASSIGN_OR_RETURN(key.expires_at, FromTimestamp(request.expires_at()));
  }
  DNC_ASSIGN_OR_RETURN(const TenantDirectory::CreatedKey created,
                       directory_->CreateKey(key, caller.key_id));
  FillKey(created.key, response->mutable_key());
  response->set_secret(created.secret);
  return absl::OkStatus();
}

absl::Status TenantHandler::ListKeys(const v1::ListKeysRequest& request,
                                     v1::ListKeysResponse* response) const {
  DNC_ASSIGN_OR_RETURN(const std::vector<ApiKey> keys, directory_->Keys(request.tenant_id()));
  for (const ApiKey& key : keys) FillKey(key, response->add_keys());
  return absl::OkStatus();
}

absl::Status TenantHandler::RevokeKey(const Caller& caller, const v1::RevokeKeyRequest& request,
                                      v1::RevokeKeyResponse* response) {
  DNC_ASSIGN_OR_RETURN(const ApiKey key, directory_->RevokeKey(request.key_id(), caller.key_id));
  FillKey(key, response->mutable_key());
  return absl::OkStatus();
}

}  // namespace dnc
