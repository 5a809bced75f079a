#include "server/tenants/tenant_directory.h"

#include <algorithm>
#include <utility>

#include "server/base/check.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/tenants/api_key.h"
#include "server/tenants/change_text.h"
#include "server/tenants/directory_checks.h"
#include "server/tenants/directory_impl.h"
#include "server/tenants/known_keys.h"

namespace dnc {
namespace {

// The same for a key that is unknown, expired or revoked, or whose tenant is gone: a stranger who
// tries keys learns nothing from it.
absl::Status NotLive() {
  return Error(reason::kUnauthenticated,
               "the key is not live: it is unknown, expired or revoked; ask the operator for a "
               "new one");
}

}  // namespace

TenantDirectory::TenantDirectory(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TenantDirectory::~TenantDirectory() = default;

void TenantDirectory::SetJournal(ListJournal* journal) {
  const std::lock_guard lock(impl_->changing);
  impl_->journal = journal;
}

absl::StatusOr<std::unique_ptr<TenantDirectory>> TenantDirectory::Open(Store* store,
                                                                       RevisionOrder* order,
                                                                       const Clock* clock,
                                                                       DirectoryLimits limits) {
  auto impl = std::make_unique<Impl>(store, order, clock, limits);
  DNC_RETURN_IF_ERROR(impl->Load());
  return std::unique_ptr<TenantDirectory>(new TenantDirectory(std::move(impl)));
}

absl::StatusOr<Caller> TenantDirectory::Authenticate(std::string_view secret) const {
  const KnownKey* known = FindKnownKey(secret);
  KnownKey read;
  if (known == nullptr) {
    DNC_ASSIGN_OR_RETURN(read.id, ApiKeyId(secret));
    read.hash = HashApiKey(secret);
  }
  const std::string& id = known == nullptr ? read.id : known->id;
  const std::string& hash = known == nullptr ? read.hash : known->hash;
  const DirectoryView& view = impl_->cell.Get();
  // The id is public, so how long this search takes tells nothing; what the secret decides is
  // compared in constant time.
  const KeyEntryPtr* const found = view.keys.Find(id);
  if (found == nullptr) return NotLive();
  const KeyEntry& entry = **found;
  const absl::Time now = impl_->clock->Now();
  if (!EqualHashes(hash, entry.key.hash) || !IsLive(entry.key, now)) return NotLive();
  if (known == nullptr) RememberKey(secret, id, hash);
  Caller caller;
  if (entry.tenant != 0) {
    const TenantViewPtr* const tenant = view.tenants.Find(entry.key.tenant_id);
    if (tenant == nullptr) return NotLive();
    caller.tenant = *tenant;
  }
  const int64_t minute = absl::ToUnixSeconds(now) / 60;
  // Written once a minute, so that calls with the same key do not fight for its cache line.
  if (entry.use->minute.load(std::memory_order_relaxed) < minute) {
    entry.use->minute.store(minute, std::memory_order_relaxed);
  }
  if (caller.tenant != nullptr && caller.tenant->tenant.state == TenantState::kSuspended) {
    return Error(reason::kTenantSuspended,
                 "the operator has suspended the tenant; ask there what is to be done");
  }
  caller.key_id = id;
  caller.expires_at = entry.key.expires_at;
  for (const KeyScope scope : entry.key.scopes) {
    caller.scopes = static_cast<uint8_t>(caller.scopes | 1 << static_cast<int>(scope));
  }
  return caller;
}

Caller TenantDirectory::LocalCaller() const {
  const TenantViewPtr* const tenant = impl_->cell.Get().tenants.Find(kDefaultTenantId);
  DNC_CHECK(tenant != nullptr, "the default tenant is always there");
  Caller caller;
  caller.tenant = *tenant;
  caller.key_id = "local";
  for (const KeyScope scope : {KeyScope::kScrub, KeyScope::kWriteLists, KeyScope::kOperate}) {
    caller.scopes = static_cast<uint8_t>(caller.scopes | 1 << static_cast<int>(scope));
  }
  return caller;
}

absl::StatusOr<TenantViewPtr> TenantDirectory::Find(std::string_view tenant_id) const {
  const TenantViewPtr* const found = impl_->cell.Get().tenants.Find(tenant_id);
  if (found == nullptr) return NoSuchTenant();
  return *found;
}

std::vector<TenantViewPtr> TenantDirectory::List(std::string_view after, size_t limit) const {
  std::vector<TenantViewPtr> tenants;
  const std::lock_guard lock(impl_->index);
  for (auto it = impl_->by_id.upper_bound(after);
       it != impl_->by_id.end() && tenants.size() < limit; ++it) {
    tenants.push_back(it->second);
  }
  return tenants;
}

std::vector<TenantViewPtr> TenantDirectory::All() const { return List("", ~size_t{0}); }

DirectoryCounts TenantDirectory::Counts() const {
  const DirectoryView& view = impl_->cell.Get();
  const absl::Time now = impl_->clock->Now();
  DirectoryCounts counts;
  view.tenants.ForEach([&](const TenantViewPtr& tenant) {
    ++(tenant->tenant.state == TenantState::kActive ? counts.active : counts.suspended);
  });
  view.keys.ForEach(
      [&](const KeyEntryPtr& entry) { counts.live_keys += IsLive(entry->key, now) ? 1 : 0; });
  return counts;
}

std::vector<TenantNumber> TenantDirectory::Removed() const {
  std::vector<TenantNumber> numbers;
  const std::lock_guard lock(impl_->index);
  for (const auto& [id, number] : impl_->removed) numbers.push_back(number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

absl::StatusOr<TenantViewPtr> TenantDirectory::Create(const Tenant& tenant, std::string_view by) {
  DNC_RETURN_IF_ERROR(CheckTenant(tenant));
  const std::lock_guard lock(impl_->changing);
  if (impl_->by_id.count(tenant.id) != 0 || impl_->removed.contains(tenant.id)) {
    return Error(reason::kAlreadyExists, StrCat("there is, or was, a tenant ", tenant.id,
                                                "; ids are never given again: choose another"));
  }
  if (impl_->by_id.size() >= impl_->limits.max_tenants) {
    return Error(reason::kLimitReached,
                 StrCat("there are ", impl_->by_id.size(),
                        " tenants already, as many as the server's configuration allows"));
  }
  return impl_->CreateTenant(tenant, by);
}

absl::StatusOr<TenantViewPtr> TenantDirectory::Update(const Tenant& tenant, std::string_view by) {
  DNC_RETURN_IF_ERROR(CheckTenant(tenant));
  const std::lock_guard lock(impl_->changing);
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr before, impl_->FindForChange(tenant.id));
  if (tenant.revision != 0 && tenant.revision != before->tenant.revision) {
    return Error(reason::kChangedMeanwhile,
                 StrCat("tenant ", tenant.id, " is at revision ", before->tenant.revision,
                        ", and the change starts from ", tenant.revision,
                        "; read it again and repeat the change"));
  }
  const std::string description = DescribeUpdate(before->tenant, tenant);
  if (description.empty()) return before;
  DirectoryDraft draft = impl_->Begin();
  Tenant after = tenant;
  after.number = before->tenant.number;
  after.created_at = before->tenant.created_at;
  after.revision = draft.turn.revision();
  draft.batch.Put(StoredTenant{.tenant = after, .removed_at = absl::InfiniteFuture()});
  const TenantViewPtr made = MakeTenantView(after, before->lists);
  draft.tenants.push_back(made);
  DNC_RETURN_IF_ERROR(impl_->Finish(draft, after.number, by, description, after));
  return made;
}

absl::StatusOr<Tenant> TenantDirectory::Remove(std::string_view tenant_id, std::string_view by) {
  const std::lock_guard lock(impl_->changing);
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr before, impl_->FindForChange(tenant_id));
  if (tenant_id == kDefaultTenantId) {
    return Error(reason::kInvalidRequest,
                 "the tenant `default` can't be removed; suspend it if it is not to be served");
  }
  if (before->tenant.state != TenantState::kSuspended) {
    return Error(reason::kNotSuspended,
                 StrCat("tenant ", tenant_id,
                        " is active; export what is to be kept, then suspend it, then remove it"));
  }
  DirectoryDraft draft = impl_->Begin();
  Tenant gone = before->tenant;
  gone.revision = draft.turn.revision();
  draft.batch.Put(StoredTenant{.tenant = gone, .removed_at = draft.now});
  draft.removed_tenant = gone.id;
  for (const auto& [id, list] : before->lists) draft.batch.DeleteList(gone.number, list.number);
  if (const auto keys = impl_->keys_of.find(gone.id); keys != impl_->keys_of.end()) {
    for (const std::string& id : keys->second) {
      draft.batch.DeleteKey(id);
      draft.dropped_keys.push_back(id);
    }
  }
  DNC_RETURN_IF_ERROR(
      impl_->Finish(draft, gone.number, by,
                    StrCat("removed tenant ", gone.id, " with ", draft.dropped_keys.size(),
                           " keys and ", before->lists.size(), " lists"),
                    std::nullopt));
  return gone;
}

absl::StatusOr<std::vector<TenantChange>> TenantDirectory::Changes(std::string_view tenant_id,
                                                                   size_t limit,
                                                                   uint64_t before) const {
  TenantNumber number = 0;
  if (!tenant_id.empty()) {
    const std::lock_guard lock(impl_->index);
    if (const auto live = impl_->by_id.find(tenant_id); live != impl_->by_id.end()) {
      number = live->second->tenant.number;
    } else if (const auto gone = impl_->removed.find(ToAbsl(tenant_id));
               gone != impl_->removed.end()) {
      number = gone->second;
    } else {
      return NoSuchTenant();
    }
  }
  return impl_->store.Changes(number, limit, before);
}

}  // namespace dnc
