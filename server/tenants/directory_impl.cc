#include "server/tenants/directory_impl.h"

#include <algorithm>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/tenants/change_text.h"

namespace dnc {
namespace {

// Revoked and expired keys are listed for a year.
constexpr absl::Duration kKeysRemembered = absl::Hours(24 * 365);
constexpr std::string_view kByServer = "local";

TenantList DefaultList(absl::Time now) {
  TenantList list;
  list.number = 1;
  list.id = kDefaultListId;
  list.display_name = "Own do-not-call requests";
  list.created_at = now;
  return list;
}

}  // namespace

absl::Status NoSuchTenant() {
  return Error(reason::kNotFound, "there is no tenant of that id; `dncctl tenants list` shows all");
}

bool IsForgotten(const ApiKey& key, absl::Time now) {
  return std::min(key.revoked_at, key.expires_at) + kKeysRemembered <= now;
}

bool IsLive(const ApiKey& key, absl::Time now) {
  // Revoked is revoked, whatever the clock says: it may have been set back since.
  return key.revoked_at == absl::InfiniteFuture() && now < key.expires_at;
}

ApiKey WithLastUse(const KeyEntry& entry) {
  ApiKey key = entry.key;
  const int64_t minute = entry.use->minute.load(std::memory_order_relaxed);
  if (minute != 0) key.last_used_at = absl::UnixEpoch() + absl::Minutes(minute);
  return key;
}

absl::Status TenantDirectory::Impl::Load() {
  DNC_ASSIGN_OR_RETURN(DirectoryStore::Contents contents, store.Read());
  order->StartFrom(store.head().revision);
  auto view = std::make_shared<DirectoryView>();
  DNC_RETURN_IF_ERROR(LoadTenants(std::move(contents.tenants), std::move(contents.lists), *view));
  DNC_RETURN_IF_ERROR(LoadKeys(std::move(contents.keys), *view));
  latest = view;
  cell.Publish(view);
  if (store.is_new()) return MakeDefaultTenant();
  if (by_id.count(kDefaultTenantId) == 0) return DirectoryDamaged("tenant `default`");
  return absl::OkStatus();
}

absl::Status TenantDirectory::Impl::LoadTenants(std::vector<StoredTenant> tenants,
                                                std::vector<StoredList> lists,
                                                DirectoryView& view) {
  absl::flat_hash_map<TenantNumber, std::map<std::string, TenantList>> lists_of;
  for (StoredList& stored : lists) {
    std::string id = stored.list.id;
    if (!lists_of[stored.tenant].emplace(std::move(id), std::move(stored.list)).second) {
      return DirectoryDamaged("record of a tenant's list (two have the same id)");
    }
  }
  for (StoredTenant& stored : tenants) {
    const std::string id = stored.tenant.id;
    const TenantNumber number = stored.tenant.number;
    if (number >= store.head().next_number || by_id.count(id) != 0 || removed.contains(id)) {
      return DirectoryDamaged("record of a tenant (its number or id is another's)");
    }
    if (stored.removed()) {
      removed[id] = number;
      continue;
    }
    auto its_lists = lists_of.extract(number);
    if (its_lists.empty() || its_lists.mapped().count(kDefaultListId) == 0) {
      return DirectoryDamaged("record of a tenant's list `internal`");
    }
    TenantViewPtr tenant = MakeTenantView(std::move(stored.tenant), std::move(its_lists.mapped()));
    view.tenants.Fill(id, tenant);
    by_id.emplace(id, std::move(tenant));
  }
  return lists_of.empty() ? absl::OkStatus() : DirectoryDamaged("tenant of a list");
}

absl::Status TenantDirectory::Impl::LoadKeys(std::vector<StoredKey> keys, DirectoryView& view) {
  absl::flat_hash_map<TenantNumber, std::string> ids;
  for (const auto& [id, tenant] : by_id) ids[tenant->tenant.number] = id;
  for (StoredKey& stored : keys) {
    auto entry = std::make_shared<KeyEntry>();
    entry->tenant = stored.tenant;
    entry->key = std::move(stored.key);
    if (stored.tenant != 0) {
      const auto found = ids.find(stored.tenant);
      if (found == ids.end()) return DirectoryDamaged("tenant of a key");
      entry->key.tenant_id = found->second;
    }
    entry->use = std::make_shared<KeyUse>();
    if (entry->key.last_used_at != absl::InfinitePast()) {
      const int64_t minute = absl::ToUnixSeconds(entry->key.last_used_at) / 60;
      entry->use->minute = minute;
      entry->use->stored = minute;
    }
    keys_of[entry->key.tenant_id].insert(entry->key.id);
    view.keys.Fill(entry->key.id, entry);
  }
  return absl::OkStatus();
}

absl::Status TenantDirectory::Impl::MakeDefaultTenant() {
  const std::lock_guard lock(changing);
  Tenant tenant;
  tenant.id = kDefaultTenantId;
  tenant.display_name = "Default tenant";
  tenant.terms.entitled.set();
  return CreateTenant(std::move(tenant), kByServer).status();
}

DirectoryDraft TenantDirectory::Impl::Begin() {
  DirectoryDraft draft(order->Begin());
  draft.now = clock->Now();
  return draft;
}

absl::Status TenantDirectory::Impl::Finish(DirectoryDraft& draft, TenantNumber tenant,
                                           std::string_view by, std::string description,
                                           std::optional<Tenant> after) {
  draft.batch.SetChange(tenant, {.revision = draft.turn.revision(),
                                 .time = draft.now,
                                 .changed_by = std::string(by),
                                 .description = std::move(description),
                                 .after = std::move(after)});
  DNC_RETURN_IF_ERROR(store.Write(draft.batch));
  Publish(draft);
  draft.turn.Commit();
  return absl::OkStatus();
}

std::unique_lock<std::mutex> TenantDirectory::Impl::LockJournal() const {
  return journal == nullptr ? std::unique_lock<std::mutex>() : journal->LockChanges();
}

absl::Status TenantDirectory::Impl::FinishListChange(DirectoryDraft& draft, TenantNumber tenant,
                                                     std::string_view by, std::string description,
                                                     const ListChange& change) {
  if (journal != nullptr) {
    journal->PutListChanges(tenant, draft.turn.revision(), {&change, 1}, draft.batch.beside());
  }
  DNC_RETURN_IF_ERROR(Finish(draft, tenant, by, std::move(description), std::nullopt));
  if (journal != nullptr) journal->ListChangesWritten();
  return absl::OkStatus();
}

void TenantDirectory::Impl::Publish(DirectoryDraft& draft) {
  auto view = std::make_shared<DirectoryView>(*latest);
  for (const TenantViewPtr& tenant : draft.tenants) view->tenants.Put(tenant->tenant.id, tenant);
  for (const KeyEntryPtr& key : draft.keys) view->keys.Put(key->key.id, key);
  if (!draft.removed_tenant.empty()) view->tenants.Erase(draft.removed_tenant);
  for (const std::string& id : draft.dropped_keys) view->keys.Erase(id);

  const std::lock_guard lock(index);
  if (const auto gone = by_id.find(draft.removed_tenant); gone != by_id.end()) {
    removed[gone->first] = gone->second->tenant.number;
    keys_of.erase(gone->first);
    by_id.erase(gone);
  }
  for (const TenantViewPtr& tenant : draft.tenants) {
    by_id.insert_or_assign(tenant->tenant.id, tenant);
  }
  for (const KeyEntryPtr& key : draft.keys) keys_of[key->key.tenant_id].insert(key->key.id);
  for (const std::string& id : draft.dropped_keys) {
    const KeyEntryPtr* const key = latest->keys.Find(id);
    if (key == nullptr) continue;
    if (const auto keys = keys_of.find((*key)->key.tenant_id); keys != keys_of.end()) {
      keys->second.erase(id);
    }
  }
  cell.Publish(view);
  latest = std::move(view);
}

absl::StatusOr<TenantViewPtr> TenantDirectory::Impl::CreateTenant(Tenant tenant,
                                                                  std::string_view by) {
  const TenantNumber number = store.head().next_number;
  if (number + 1 == 0) {
    return Error(reason::kLimitReached, "every number that a tenant can have was given");
  }
  DirectoryDraft draft = Begin();
  tenant.number = number;
  tenant.state = TenantState::kActive;
  tenant.created_at = draft.now;
  tenant.revision = draft.turn.revision();
  const TenantList list = DefaultList(draft.now);
  draft.batch.SetNextNumber(number + 1);
  draft.batch.Put(StoredTenant{.tenant = tenant, .removed_at = absl::InfiniteFuture()});
  draft.batch.Put(StoredList{.tenant = number, .list = list});
  const TenantViewPtr made = MakeTenantView(tenant, {{list.id, list}});
  draft.tenants.push_back(made);
  DNC_RETURN_IF_ERROR(Finish(draft, number, by, DescribeCreation(tenant), tenant));
  return made;
}

absl::StatusOr<TenantViewPtr> TenantDirectory::Impl::FindForChange(
    std::string_view tenant_id) const {
  const TenantViewPtr* const found = latest->tenants.Find(tenant_id);
  if (found == nullptr) return NoSuchTenant();
  return *found;
}

absl::Status TenantDirectory::Impl::CheckKeyLimit(std::string_view tenant_id,
                                                  absl::Time now) const {
  const auto keys = keys_of.find(std::string(tenant_id));
  if (keys == keys_of.end()) return absl::OkStatus();
  const auto live = std::count_if(
      keys->second.begin(), keys->second.end(),
      [&](const std::string& id) { return IsLive((*latest->keys.Find(id))->key, now); });
  if (live < limits.max_keys) return absl::OkStatus();
  return Error(reason::kLimitReached,
               StrCat("there are ", live,
                      " live keys already, as many as are allowed; revoke one "
                      "that is no longer used"));
}

void TenantDirectory::Impl::DropOldKeys(std::string_view tenant_id, DirectoryDraft& draft) const {
  const auto keys = keys_of.find(std::string(tenant_id));
  if (keys == keys_of.end()) return;
  for (const std::string& id : keys->second) {
    if (!IsForgotten((*latest->keys.Find(id))->key, draft.now)) continue;
    draft.batch.DeleteKey(id);
    draft.dropped_keys.push_back(id);
  }
}

}  // namespace dnc
