#include "server/tenants/directory_state.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

// Revoked and expired keys stay listed for a year.
constexpr absl::Duration kKeysRemembered = absl::Hours(24 * 365);

}  // namespace

bool IsForgotten(const ApiKey& key, absl::Time now) {
  return std::min(key.revoked_at, key.expires_at) + kKeysRemembered <= now;
}

bool IsLive(const ApiKey& key, absl::Time now) {
  // A revoked key stays revoked whatever the clock says, since the clock may have been set back.
  return key.revoked_at == absl::InfiniteFuture() && now < key.expires_at;
}

ApiKey WithLastUse(const KeyEntry& entry) {
  ApiKey key = entry.key;
  const int64_t minute = entry.use->minute.load(std::memory_order_relaxed);
  if (minute != 0) key.last_used_at = absl::UnixEpoch() + absl::Minutes(minute);
  return key;
}

absl::Status DirectoryState::Load(DirectoryStore::Contents contents, TenantNumber next_number) {
  const absl::MutexLock lock(&index_);
  auto view = std::make_shared<DirectoryView>();
  DNC_RETURN_IF_ERROR(
      LoadTenants(std::move(contents.tenants), std::move(contents.lists), next_number, *view));
  DNC_RETURN_IF_ERROR(LoadKeys(std::move(contents.keys), *view));
  cell_.Publish(view);
  latest_ = std::move(view);
  return absl::OkStatus();
}

absl::Status DirectoryState::LoadTenants(std::vector<StoredTenant> tenants,
                                         std::vector<StoredList> lists, TenantNumber next_number,
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
    if (number >= next_number || by_id_.count(id) != 0 || removed_.contains(id)) {
      return DirectoryDamaged("record of a tenant (its number or id is another's)");
    }
    if (stored.removed()) {
      removed_[id] = number;
      continue;
    }
    auto its_lists = lists_of.extract(number);
    if (its_lists.empty() || its_lists.mapped().count(kDefaultListId) == 0) {
      return DirectoryDamaged("record of a tenant's list `internal`");
    }
    TenantViewPtr tenant = MakeTenantView(std::move(stored.tenant), std::move(its_lists.mapped()));
    view.tenants.Fill(id, tenant);
    by_id_.emplace(id, std::move(tenant));
  }
  return lists_of.empty() ? absl::OkStatus() : DirectoryDamaged("tenant of a list");
}

absl::Status DirectoryState::LoadKeys(std::vector<StoredKey> keys, DirectoryView& view) {
  absl::flat_hash_map<TenantNumber, std::string> ids;
  for (const auto& [id, tenant] : by_id_) ids[tenant->tenant.number] = id;
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
    keys_of_[entry->key.tenant_id].insert(entry->key.id);
    view.keys.Fill(entry->key.id, entry);
  }
  return absl::OkStatus();
}

DirectoryViewPtr DirectoryState::Publish(const DirectoryViewPtr& before,
                                         const DirectoryDelta& delta) {
  auto view = std::make_shared<DirectoryView>(*before);
  for (const TenantViewPtr& tenant : delta.tenants) view->tenants.Put(tenant->tenant.id, tenant);
  for (const KeyEntryPtr& key : delta.keys) view->keys.Put(key->key.id, key);
  if (!delta.removed_tenant.empty()) view->tenants.Erase(delta.removed_tenant);
  for (const std::string& id : delta.dropped_keys) view->keys.Erase(id);

  const absl::MutexLock lock(&index_);
  if (const auto gone = by_id_.find(delta.removed_tenant); gone != by_id_.end()) {
    removed_[gone->first] = gone->second->tenant.number;
    keys_of_.erase(gone->first);
    by_id_.erase(gone);
  }
  for (const TenantViewPtr& tenant : delta.tenants) {
    by_id_.insert_or_assign(tenant->tenant.id, tenant);
  }
  for (const KeyEntryPtr& key : delta.keys) keys_of_[key->key.tenant_id].insert(key->key.id);
  for (const std::string& id : delta.dropped_keys) {
    const KeyEntryPtr* const key = before->keys.Find(id);
    if (key == nullptr) continue;
    if (const auto keys = keys_of_.find((*key)->key.tenant_id); keys != keys_of_.end()) {
      keys->second.erase(id);
    }
  }
  cell_.Publish(view);
  latest_ = view;
  return view;
}

DirectoryViewPtr DirectoryState::latest() const {
  const absl::MutexLock lock(&index_);
  return latest_;
}

size_t DirectoryState::tenants() const {
  const absl::MutexLock lock(&index_);
  return by_id_.size();
}

std::vector<TenantViewPtr> DirectoryState::List(std::string_view after, size_t limit) const {
  std::vector<TenantViewPtr> tenants;
  const absl::MutexLock lock(&index_);
  for (auto it = by_id_.upper_bound(after); it != by_id_.end() && tenants.size() < limit; ++it) {
    tenants.push_back(it->second);
  }
  return tenants;
}

std::vector<TenantNumber> DirectoryState::Removed() const {
  std::vector<TenantNumber> numbers;
  const absl::MutexLock lock(&index_);
  for (const auto& [id, number] : removed_) numbers.push_back(number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::optional<TenantNumber> DirectoryState::NumberOf(std::string_view tenant_id) const {
  const absl::MutexLock lock(&index_);
  if (const auto live = by_id_.find(tenant_id); live != by_id_.end()) {
    return live->second->tenant.number;
  }
  const auto gone = removed_.find(ToAbsl(tenant_id));
  if (gone == removed_.end()) return std::nullopt;
  return gone->second;
}

std::vector<std::string> DirectoryState::KeysOf(std::string_view tenant_id) const {
  const absl::MutexLock lock(&index_);
  const auto keys = keys_of_.find(ToAbsl(tenant_id));
  if (keys == keys_of_.end()) return {};
  return {keys->second.begin(), keys->second.end()};
}

size_t DirectoryState::LiveKeysOf(std::string_view tenant_id, absl::Time now) const {
  const DirectoryViewPtr view = latest();
  const std::vector<std::string> ids = KeysOf(tenant_id);
  const auto live = std::count_if(ids.begin(), ids.end(), [&](const std::string& id) {
    const KeyEntryPtr* const entry = view->keys.Find(id);
    return entry != nullptr && IsLive((*entry)->key, now);
  });
  return static_cast<size_t>(live);
}

}  // namespace dnc
