// Keys, lists and blocks of TenantDirectory.
#include <algorithm>
#include <utility>

#include "absl/types/span.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/tenants/api_key.h"
#include "server/tenants/change_text.h"
#include "server/tenants/directory_checks.h"
#include "server/tenants/directory_impl.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {
namespace {

// Last uses written together.
constexpr size_t kUsesABatch = 1000;

absl::Status LimitReached(std::string_view message) {
  return Error(reason::kLimitReached, message);
}

}  // namespace

bool TenantDirectory::HasOperatorKey() const { return impl_->LiveOperatorKeys() > 0; }

bool TenantDirectory::HadOperatorKey() const {
  const std::lock_guard lock(impl_->index);
  const auto keys = impl_->keys_of.find("");
  return keys != impl_->keys_of.end() && !keys->second.empty();
}

size_t TenantDirectory::Impl::LiveOperatorKeys() {
  const DirectoryView& view = cell.Get();
  const absl::Time now = clock->Now();
  const std::lock_guard lock(index);
  const auto keys = keys_of.find("");
  if (keys == keys_of.end()) return 0;
  const auto live =
      std::count_if(keys->second.begin(), keys->second.end(), [&](const std::string& id) {
        const KeyEntryPtr* const entry = view.keys.Find(id);
        return entry != nullptr && IsLive((*entry)->key, now);
      });
  return static_cast<size_t>(live);
}

absl::StatusOr<TenantDirectory::CreatedKey> TenantDirectory::CreateKey(const ApiKey& key,
                                                                       std::string_view by) {
  const std::lock_guard lock(impl_->changing);
  auto entry = std::make_shared<KeyEntry>();
  if (!key.tenant_id.empty()) {
    DNC_ASSIGN_OR_RETURN(const TenantViewPtr tenant, impl_->FindForChange(key.tenant_id));
    entry->tenant = tenant->tenant.number;
  }
  const absl::Time now = impl_->clock->Now();
  DNC_RETURN_IF_ERROR(CheckKey(key, now));
  DNC_RETURN_IF_ERROR(impl_->CheckKeyLimit(key.tenant_id, now));
  NewApiKey made = GenerateApiKey();
  while (impl_->latest->keys.Find(made.id) != nullptr) made = GenerateApiKey();

  DirectoryDraft draft = impl_->Begin();
  entry->key = key;
  entry->key.id = made.id;
  entry->key.hash = HashApiKey(made.secret);
  entry->key.created_at = draft.now;
  entry->key.revoked_at = absl::InfiniteFuture();
  entry->key.last_used_at = absl::InfinitePast();
  std::sort(entry->key.scopes.begin(), entry->key.scopes.end());
  entry->use = std::make_shared<KeyUse>();
  draft.batch.Put(StoredKey{entry->tenant, entry->key});
  draft.keys.push_back(entry);
  impl_->DropOldKeys(key.tenant_id, draft);
  DNC_RETURN_IF_ERROR(
      impl_->Finish(draft, entry->tenant, by, DescribeNewKey(entry->key), std::nullopt));
  return CreatedKey{entry->key, std::move(made.secret)};
}

absl::StatusOr<std::vector<ApiKey>> TenantDirectory::Keys(std::string_view tenant_id) const {
  const DirectoryView& view = impl_->cell.Get();
  if (!tenant_id.empty() && view.tenants.Find(tenant_id) == nullptr) return NoSuchTenant();
  const absl::Time now = impl_->clock->Now();
  std::vector<ApiKey> keys;
  {
    const std::lock_guard lock(impl_->index);
    const auto ids = impl_->keys_of.find(std::string(tenant_id));
    if (ids == impl_->keys_of.end()) return keys;
    for (const std::string& id : ids->second) {
      const KeyEntryPtr* const entry = view.keys.Find(id);
      if (entry != nullptr && !IsForgotten((*entry)->key, now)) {
        keys.push_back(WithLastUse(**entry));
      }
    }
  }
  std::stable_sort(keys.begin(), keys.end(),
                   [](const ApiKey& a, const ApiKey& b) { return a.created_at > b.created_at; });
  return keys;
}

absl::StatusOr<ApiKey> TenantDirectory::RevokeKey(std::string_view key_id, std::string_view by) {
  const std::lock_guard lock(impl_->changing);
  const KeyEntryPtr* const found = impl_->latest->keys.Find(key_id);
  if (found == nullptr) {
    return Error(reason::kNotFound,
                 "there is no key of that id; give the 8 characters after `dnck_`");
  }
  if ((*found)->key.revoked_at != absl::InfiniteFuture()) return WithLastUse(**found);
  const bool of_operator = (*found)->key.tenant_id.empty();
  if (of_operator && IsLive((*found)->key, impl_->clock->Now()) && impl_->LiveOperatorKeys() == 1) {
    return Error(reason::kInvalidNow,
                 "this is the operator's last key, and without one nobody could operate the "
                 "server; make another one first");
  }
  DirectoryDraft draft = impl_->Begin();
  auto entry = std::make_shared<KeyEntry>(**found);
  entry->key.revoked_at = draft.now;
  draft.batch.Put(StoredKey{entry->tenant, WithLastUse(*entry)});
  draft.keys.push_back(entry);
  DNC_RETURN_IF_ERROR(impl_->Finish(
      draft, entry->tenant, by,
      StrCat("revoked key ", entry->key.id, " \"", entry->key.display_name, "\""), std::nullopt));
  return WithLastUse(*entry);
}

absl::Status TenantDirectory::AcceptClock(absl::Time stores_time, std::string_view by,
                                          const std::string& description) {
  const std::lock_guard lock(impl_->changing);
  DirectoryDraft draft = impl_->Begin();
  impl_->latest->keys.ForEach([&](const KeyEntryPtr& found) {
    if (found->key.expires_at > stores_time || found->key.expires_at <= draft.now) return;
    auto entry = std::make_shared<KeyEntry>(*found);
    entry->key.expires_at = draft.now;
    draft.batch.Put(StoredKey{entry->tenant, WithLastUse(*entry)});
    draft.keys.push_back(entry);
  });
  const std::string text = StrCat(description, "; ended ", draft.keys.size(), " keys");
  return impl_->Finish(draft, 0, by, text, std::nullopt);
}

absl::Status TenantDirectory::Record(std::string_view by, const std::string& description) {
  const std::lock_guard lock(impl_->changing);
  DirectoryDraft draft = impl_->Begin();
  return impl_->Finish(draft, 0, by, description, std::nullopt);
}

absl::StatusOr<TenantList> TenantDirectory::CreateList(std::string_view tenant_id,
                                                       const TenantList& list,
                                                       std::string_view by) {
  const std::lock_guard lock(impl_->changing);
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr before, impl_->FindForChange(tenant_id));
  DNC_RETURN_IF_ERROR(CheckList(list));
  if (before->lists.count(list.id) != 0) {
    return Error(reason::kAlreadyExists,
                 StrCat("there is a list ", list.id, " already; choose another id"));
  }
  if (before->lists.size() >= impl_->limits.max_lists) {
    return LimitReached(
        StrCat("the tenant has ", before->lists.size(), " lists already, as many as are allowed"));
  }
  const std::unique_lock<std::mutex> noting = impl_->LockJournal();
  DirectoryDraft draft = impl_->Begin();
  TenantList made = list;
  // Lists are never removed, so their numbers have no gaps.
  made.number = static_cast<ListNumber>(before->lists.size() + 1);
  made.created_at = draft.now;
  made.blocks.clear();
  draft.batch.Put(StoredList{before->tenant.number, made});
  std::map<std::string, TenantList> lists = before->lists;
  lists.emplace(made.id, made);
  draft.tenants.push_back(MakeTenantView(before->tenant, std::move(lists)));
  DNC_RETURN_IF_ERROR(impl_->FinishListChange(draft, before->tenant.number, by,
                                              DescribeNewList(made), {made.number, false, {}}));
  return made;
}

absl::StatusOr<uint64_t> TenantDirectory::AddBlocks(std::string_view tenant_id,
                                                    std::string_view list_id,
                                                    const std::vector<std::string>& blocks,
                                                    std::string_view by) {
  return impl_->ChangeBlocks(tenant_id, list_id, blocks, /*add=*/true, by);
}

absl::StatusOr<uint64_t> TenantDirectory::RemoveBlocks(std::string_view tenant_id,
                                                       std::string_view list_id,
                                                       const std::vector<std::string>& blocks,
                                                       std::string_view by) {
  return impl_->ChangeBlocks(tenant_id, list_id, blocks, /*add=*/false, by);
}

absl::StatusOr<uint64_t> TenantDirectory::Impl::ChangeBlocks(std::string_view tenant_id,
                                                             std::string_view list_id,
                                                             const std::vector<std::string>& blocks,
                                                             bool add, std::string_view by) {
  const std::lock_guard lock(changing);
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr before, FindForChange(tenant_id));
  const auto found = before->lists.find(std::string(list_id));
  if (found == before->lists.end()) {
    return Error(reason::kNotFound, "the tenant has no list of that id; `dncctl lists` shows all");
  }
  DNC_RETURN_IF_ERROR(CheckBlocks(found->second, blocks));
  std::set<std::string> all(found->second.blocks.begin(), found->second.blocks.end());
  std::vector<std::string> changed;
  for (const std::string& block : blocks) {
    if (add ? all.insert(block).second : all.erase(block) != 0) changed.push_back(block);
  }
  // It is so already: the revision in force is one from which on it is.
  if (changed.empty()) return order->last();
  size_t count = changed.size();
  for (const auto& [id, list] : before->lists) count += list.blocks.size();
  if (add && count > limits.max_blocks) {
    return LimitReached(StrCat("the tenant would have ", count, " blocks; at most ",
                               limits.max_blocks, " are allowed"));
  }
  const std::unique_lock<std::mutex> noting = LockJournal();
  DirectoryDraft draft = Begin();
  std::map<std::string, TenantList> lists = before->lists;
  TenantList& list = lists[found->first];
  list.blocks.assign(all.begin(), all.end());
  draft.batch.Put(StoredList{before->tenant.number, list});
  const std::string description =
      DescribeBlocks(add ? "blocked" : "ended the blocks of", changed, list);
  draft.tenants.push_back(MakeTenantView(before->tenant, std::move(lists)));
  DNC_RETURN_IF_ERROR(FinishListChange(draft, before->tenant.number, by, description,
                                       {list.number, !add, std::move(changed)}));
  return draft.turn.revision();
}

absl::Status TenantDirectory::FlushLastUsed() {
  std::vector<std::string> moved;
  {
    DirectoryViewPtr view;
    {
      const std::lock_guard lock(impl_->changing);
      view = impl_->latest;
    }
    view->keys.ForEach([&moved](const KeyEntryPtr& entry) {
      if (entry->use->minute.load(std::memory_order_relaxed) !=
          entry->use->stored.load(std::memory_order_relaxed)) {
        moved.push_back(entry->key.id);
      }
    });
  }
  // A piece at a time, so that changes get in between.
  for (size_t begin = 0; begin < moved.size(); begin += kUsesABatch) {
    const size_t end = std::min(moved.size(), begin + kUsesABatch);
    DNC_RETURN_IF_ERROR(impl_->WriteUses(absl::MakeSpan(moved).subspan(begin, end - begin)));
  }
  return absl::OkStatus();
}

absl::Status TenantDirectory::Impl::WriteUses(absl::Span<const std::string> key_ids) {
  // Not a change: it takes no turn, so that writes of other stores need not wait for it.
  const std::lock_guard lock(changing);
  DirectoryBatch batch;
  std::vector<std::pair<std::shared_ptr<KeyUse>, int64_t>> written;
  for (const std::string& id : key_ids) {
    const KeyEntryPtr* const entry = latest->keys.Find(id);
    if (entry == nullptr) continue;  // dropped meanwhile
    ApiKey key = WithLastUse(**entry);
    written.emplace_back((*entry)->use, absl::ToUnixSeconds(key.last_used_at) / 60);
    batch.Put(StoredKey{(*entry)->tenant, std::move(key)});
  }
  if (written.empty()) return absl::OkStatus();
  DNC_RETURN_IF_ERROR(store.Write(batch));
  for (const auto& [use, minute] : written) use->stored.store(minute, std::memory_order_relaxed);
  return absl::OkStatus();
}

}  // namespace dnc
