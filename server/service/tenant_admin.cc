#include "server/service/tenant_admin.h"

#include <algorithm>
#include <utility>

#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/scrub/list_name.h"
#include "server/service/page.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {
// Others may change the tenant while it is updated, but not as often as that.
constexpr int kUpdatesTried = 100;
}  // namespace

Tenant Apply(const GivenTenant& given, const Tenant& base) {
  Tenant tenant = base;
  tenant.id = given.id;
  tenant.display_name = given.display_name;
  tenant.state = given.state.value_or(base.state);
  tenant.terms.entitled = given.entitled;
  if (given.policy.has_value()) {
    // What names no list is refused with the lists that this server does not have.
    tenant.terms.lists.clear();
    for (const std::string& list : given.policy->lists) {
      tenant.terms.lists.push_back(CanonicalOrSame(list));
    }
    tenant.terms.consent_lifts = given.policy->consent_lifts;
    tenant.terms.ebr_lifts = given.policy->ebr_lifts;
    tenant.terms.wireless_counts = given.policy->wireless_counts;
  }
  tenant.quotas = given.quotas.value_or(base.quotas);
  tenant.revision = given.revision;
  return tenant;
}

absl::Status TenantAdmin::CheckLists(const Tenant& tenant, const Tenant& before) const {
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

ToldTenant TenantAdmin::Tell(TenantViewPtr view) const {
  const uint64_t records = tenant_records_->Records(view->tenant.number);
  return {std::move(view), records};
}

absl::StatusOr<ToldTenant> TenantAdmin::Create(const Caller& caller, const GivenTenant& given) {
  if (given.state == TenantState::kSuspended) {
    return InvalidRequest(
        "a new tenant is active; make it without `state`, and suspend it with UpdateTenant");
  }
  if (given.created_at.has_value() || given.revision != 0 || given.records != 0) {
    return InvalidRequest(
        "`created_at`, `revision` and `records` are what the server tells of a tenant; leave them "
        "out");
  }
  Tenant tenant = Apply(given, Tenant());
  DNC_RETURN_IF_ERROR(CheckLists(tenant, Tenant()));
  tenant.state = TenantState::kActive;
  DNC_ASSIGN_OR_RETURN(TenantViewPtr view, directory_->Create(tenant, caller.key_id));
  return Tell(std::move(view));
}

absl::StatusOr<ToldTenant> TenantAdmin::Update(const Caller& caller, const GivenTenant& given) {
  absl::StatusOr<TenantViewPtr> view = UpdateOnce(caller, given);
  for (int i = 0; i < kUpdatesTried && given.revision == 0 && absl::IsAborted(view.status()); ++i) {
    view = UpdateOnce(caller, given);
  }
  DNC_RETURN_IF_ERROR(view.status());
  return Tell(*std::move(view));
}

absl::StatusOr<TenantViewPtr> TenantAdmin::UpdateOnce(const Caller& caller,
                                                      const GivenTenant& given) {
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr before, directory_->Find(given.id));
  const Tenant& base = before->tenant;
  if (given.created_at.has_value() && given.created_at != base.created_at) {
    return InvalidRequest("`created_at` can't be changed; leave it out, or as GetTenant tells it");
  }
  Tenant after = Apply(given, base);
  DNC_RETURN_IF_ERROR(CheckLists(after, base));
  // What is left out stays as it was looked up: nobody else may change it in between.
  if (after.revision == 0) after.revision = base.revision;
  return directory_->Update(after, caller.key_id);
}

absl::StatusOr<uint64_t> TenantAdmin::Remove(const Caller& caller, const std::string& tenant_id) {
  DNC_ASSIGN_OR_RETURN(const Tenant gone, directory_->Remove(tenant_id, caller.key_id));
  WakeWatchesOfLoads();
  // Nobody can ask for them any more; what stays now is dropped at the next start.
  if (const absl::Status dropped = tenant_records_->Drop(gone.number); !dropped.ok()) {
    LogWarn("records of a removed tenant are still on the disk: {}",
            std::string(dropped.message()));
  }
  return gone.revision;
}

absl::StatusOr<ToldTenant> TenantAdmin::Get(const std::string& tenant_id) const {
  DNC_ASSIGN_OR_RETURN(TenantViewPtr view, directory_->Find(tenant_id));
  return Tell(std::move(view));
}

absl::StatusOr<TenantsPage> TenantAdmin::List(uint32_t page_size,
                                              const std::string& page_token) const {
  DNC_ASSIGN_OR_RETURN(const size_t size, PageSize(page_size, kPageSizes));
  // Ids ascend, and any text is a place among them.
  std::vector<TenantViewPtr> views = directory_->List(page_token, size + 1);
  TenantsPage page;
  if (views.size() > size) {
    views.resize(size);
    page.next_token = views.back()->tenant.id;
  }
  for (TenantViewPtr& view : views) page.tenants.push_back(Tell(std::move(view)));
  return page;
}

absl::StatusOr<TenantChangesPage> TenantAdmin::Changes(const std::string& tenant_id,
                                                       uint32_t page_size,
                                                       const std::string& page_token) const {
  DNC_ASSIGN_OR_RETURN(const Page page, ReadPage(page_size, page_token));
  TenantChangesPage told;
  DNC_ASSIGN_OR_RETURN(told.changes, directory_->Changes(tenant_id, page.size + 1, page.before_id));
  told.next_token =
      CutToPage(page, &told.changes, [](const TenantChange& change) { return change.revision; });
  return told;
}

absl::StatusOr<TenantDirectory::CreatedKey> TenantAdmin::CreateKey(const Caller& caller,
                                                                   const GivenKey& given) {
  ApiKey key;
  key.tenant_id = given.tenant_id;
  key.scopes = given.scopes;
  key.display_name = given.display_name;
  key.expires_at = given.expires_at;
  return directory_->CreateKey(key, caller.key_id);
}

absl::StatusOr<ApiKey> TenantAdmin::RevokeKey(const Caller& caller, const std::string& key_id) {
  DNC_ASSIGN_OR_RETURN(ApiKey revoked, directory_->RevokeKey(key_id, caller.key_id));
  WakeWatchesOfLoads();
  return revoked;
}

absl::StatusOr<std::vector<ApiKey>> TenantAdmin::Keys(const std::string& tenant_id) const {
  return directory_->Keys(tenant_id);
}

}  // namespace dnc
