// A command goes this way, with `changing_` held:
//
//   check ─► [journal's lock] ─► revision ─► store (sync) ─► state ─► revision committed
//
// Checks read the state and change nothing, so a refused command leaves no trace and uses no
// revision. The store has the command before the state does, so nobody learns of something that a
// crash takes back. The state has it before the revision is committed, so a caller that asks for
// that revision gets its effect. A command that changes a list holds the journal's lock around all
// of it, because the journal's note goes into the same batch.
#include "server/tenants/directory_committer.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/tenants/api_key.h"
#include "server/tenants/change_text.h"
#include "server/tenants/directory_checks.h"

namespace dnc {
namespace {

// So many last uses are written together.
constexpr size_t kUsesABatch = 1000;
constexpr std::string_view kByServer = "local";

TenantList DefaultList(absl::Time now) {
  TenantList list;
  list.number = 1;
  list.id = kDefaultListId;
  list.display_name = "Own do-not-call requests";
  list.created_at = now;
  return list;
}

absl::Status LimitReached(std::string_view message) {
  return Error(reason::kLimitReached, message);
}

}  // namespace

absl::Status NoSuchTenant() {
  return Error(reason::kNotFound, "there is no tenant of that id; `dncctl tenants list` shows all");
}

absl::Status DirectoryCommitter::Load(absl::Time now) {
  const absl::MutexLock lock(&changing_);
  DNC_ASSIGN_OR_RETURN(DirectoryStore::Contents contents, store_.Read());
  order_.StartFrom(store_.head().revision);
  DNC_RETURN_IF_ERROR(state_.Load(std::move(contents), store_.head().next_number));
  latest_ = state_.latest();
  if (store_.is_new()) {
    TenantCommand command;
    command.time = now;
    command.by = kByServer;
    command.tenant.id = kDefaultTenantId;
    command.tenant.display_name = "Default tenant";
    command.tenant.terms.entitled.set();
    return Create(command).status();
  }
  if (latest_->tenants.Find(kDefaultTenantId) == nullptr) {
    return DirectoryDamaged("tenant `default`");
  }
  return absl::OkStatus();
}

void DirectoryCommitter::SetJournal(ListJournal* journal) {
  const absl::MutexLock lock(&changing_);
  journal_ = journal;
}

absl::Status DirectoryCommitter::Finish(Update update) {
  update.batch.SetChange(update.tenant, {.revision = update.revision,
                                         .time = update.time,
                                         .changed_by = std::move(update.by),
                                         .description = std::move(update.description),
                                         .after = std::move(update.after)});
  DNC_RETURN_IF_ERROR(store_.Write(update.batch));
  latest_ = state_.Publish(latest_, update.delta);
  return absl::OkStatus();
}

absl::StatusOr<TenantViewPtr> DirectoryCommitter::Find(std::string_view tenant_id) const {
  const TenantViewPtr* const found = latest_->tenants.Find(tenant_id);
  if (found == nullptr) return NoSuchTenant();
  return *found;
}

absl::StatusOr<TenantViewPtr> DirectoryCommitter::Apply(const TenantCommand& command) {
  if (command.what != TenantCommand::What::kRemove) {
    DNC_RETURN_IF_ERROR(CheckTenant(command.tenant));
  }
  const absl::MutexLock lock(&changing_);
  switch (command.what) {
    case TenantCommand::What::kUpdate:
      return Change(command);
    case TenantCommand::What::kRemove:
      return Remove(command);
    case TenantCommand::What::kCreate:
      break;
  }
  if (state_.NumberOf(command.tenant.id).has_value()) {
    return Error(reason::kAlreadyExists, StrCat("there is, or was, a tenant ", command.tenant.id,
                                                "; ids are never given again: choose another"));
  }
  if (const size_t tenants = state_.tenants(); tenants >= limits_.max_tenants) {
    return LimitReached(StrCat("there are ", tenants,
                               " tenants already, as many as the server's configuration allows"));
  }
  return Create(command);
}

absl::StatusOr<TenantViewPtr> DirectoryCommitter::Create(const TenantCommand& command) {
  const TenantNumber number = store_.head().next_number;
  if (number + 1 == 0) return LimitReached("every number that a tenant can have was given");
  auto change = order_.Begin();
  Update update{.revision = change.revision(), .time = command.time, .by = command.by};
  Tenant tenant = command.tenant;
  tenant.number = number;
  tenant.state = TenantState::kActive;
  tenant.created_at = command.time;
  tenant.revision = change.revision();
  const TenantList list = DefaultList(command.time);
  update.tenant = number;
  update.description = DescribeCreation(tenant);
  update.after = tenant;
  update.batch.SetNextNumber(number + 1);
  update.batch.Put(StoredTenant{.tenant = tenant, .removed_at = absl::InfiniteFuture()});
  update.batch.Put(StoredList{.tenant = number, .list = list});
  const TenantViewPtr made = MakeTenantView(tenant, {{list.id, list}});
  update.delta.tenants.push_back(made);
  DNC_RETURN_IF_ERROR(Finish(std::move(update)));
  change.Commit();
  return made;
}

absl::StatusOr<TenantViewPtr> DirectoryCommitter::Change(const TenantCommand& command) {
  const Tenant& tenant = command.tenant;
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr before, Find(tenant.id));
  if (tenant.revision != 0 && tenant.revision != before->tenant.revision) {
    return Error(reason::kChangedMeanwhile,
                 StrCat("tenant ", tenant.id, " is at revision ", before->tenant.revision,
                        ", and the change starts from ", tenant.revision,
                        "; read it again and repeat the change"));
  }
  std::string description = DescribeUpdate(before->tenant, tenant);
  if (description.empty()) return before;
  auto change = order_.Begin();
  Update update{.revision = change.revision(), .time = command.time, .by = command.by};
  Tenant after = tenant;
  after.number = before->tenant.number;
  after.created_at = before->tenant.created_at;
  after.revision = change.revision();
  update.tenant = after.number;
  update.description = std::move(description);
  update.after = after;
  update.batch.Put(StoredTenant{.tenant = after, .removed_at = absl::InfiniteFuture()});
  const TenantViewPtr made = MakeTenantView(after, before->lists);
  update.delta.tenants.push_back(made);
  DNC_RETURN_IF_ERROR(Finish(std::move(update)));
  change.Commit();
  return made;
}

absl::StatusOr<TenantViewPtr> DirectoryCommitter::Remove(const TenantCommand& command) {
  const std::string& tenant_id = command.tenant.id;
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr before, Find(tenant_id));
  if (tenant_id == kDefaultTenantId) {
    return Error(reason::kInvalidRequest,
                 "the tenant `default` can't be removed; suspend it if it is not to be served");
  }
  if (before->tenant.state != TenantState::kSuspended) {
    return Error(reason::kNotSuspended,
                 StrCat("tenant ", tenant_id,
                        " is active; export what is to be kept, then suspend it, then remove it"));
  }
  auto change = order_.Begin();
  Update update{.revision = change.revision(), .time = command.time, .by = command.by};
  Tenant gone = before->tenant;
  gone.revision = change.revision();
  update.tenant = gone.number;
  update.batch.Put(StoredTenant{.tenant = gone, .removed_at = command.time});
  update.delta.removed_tenant = gone.id;
  for (const auto& [id, list] : before->lists) update.batch.DeleteList(gone.number, list.number);
  for (const std::string& id : state_.KeysOf(gone.id)) {
    update.batch.DeleteKey(id);
    update.delta.dropped_keys.push_back(id);
  }
  update.description =
      StrCat("removed tenant ", gone.id, " with ", update.delta.dropped_keys.size(), " keys and ",
             before->lists.size(), " lists");
  DNC_RETURN_IF_ERROR(Finish(std::move(update)));
  change.Commit();
  return MakeTenantView(std::move(gone), {});
}

absl::StatusOr<ApiKey> DirectoryCommitter::Apply(const KeyCommand& command) {
  const absl::MutexLock lock(&changing_);
  return command.what == KeyCommand::What::kCreate ? CreateKey(command) : RevokeKey(command);
}

absl::StatusOr<ApiKey> DirectoryCommitter::CreateKey(const KeyCommand& command) {
  const ApiKey& asked = command.key;
  auto entry = std::make_shared<KeyEntry>();
  if (!asked.tenant_id.empty()) {
    DNC_ASSIGN_OR_RETURN(const TenantViewPtr tenant, Find(asked.tenant_id));
    entry->tenant = tenant->tenant.number;
  }
  DNC_RETURN_IF_ERROR(CheckKey(asked, command.time));
  if (const size_t live = state_.LiveKeysOf(asked.tenant_id, command.time);
      live >= limits_.max_keys) {
    return LimitReached(StrCat("there are ", live,
                               " live keys already, as many as are allowed; revoke one "
                               "that is no longer used"));
  }
  if (!IsApiKeyId(asked.id) || !IsApiKeyHash(asked.hash)) {
    return Error(reason::kInternal, "a key is to be made without its id or hash; report this");
  }
  if (latest_->keys.Find(asked.id) != nullptr) {
    return Error(reason::kAlreadyExists, "there is a key of that id; make another one");
  }
  auto change = order_.Begin();
  Update update{.revision = change.revision(), .time = command.time, .by = command.by};
  entry->key = asked;
  entry->key.created_at = command.time;
  entry->key.revoked_at = absl::InfiniteFuture();
  entry->key.last_used_at = absl::InfinitePast();
  std::sort(entry->key.scopes.begin(), entry->key.scopes.end());
  entry->use = std::make_shared<KeyUse>();
  update.tenant = entry->tenant;
  update.description = DescribeNewKey(entry->key);
  update.batch.Put(StoredKey{entry->tenant, entry->key});
  update.delta.keys.push_back(entry);
  DropForgottenKeys(asked.tenant_id, update);
  DNC_RETURN_IF_ERROR(Finish(std::move(update)));
  change.Commit();
  return entry->key;
}

void DirectoryCommitter::DropForgottenKeys(std::string_view tenant_id, Update& update) const {
  for (const std::string& id : state_.KeysOf(tenant_id)) {
    if (!IsForgotten((*latest_->keys.Find(id))->key, update.time)) continue;
    update.batch.DeleteKey(id);
    update.delta.dropped_keys.push_back(id);
  }
}

absl::StatusOr<ApiKey> DirectoryCommitter::RevokeKey(const KeyCommand& command) {
  const KeyEntryPtr* const found = latest_->keys.Find(command.key.id);
  if (found == nullptr) {
    return Error(reason::kNotFound,
                 "there is no key of that id; give the 8 characters after `dnck_`");
  }
  if ((*found)->key.revoked_at != absl::InfiniteFuture()) return WithLastUse(**found);
  const bool of_operator = (*found)->key.tenant_id.empty();
  if (of_operator && IsLive((*found)->key, command.time) &&
      state_.LiveKeysOf("", command.time) == 1) {
    return Error(reason::kInvalidNow,
                 "this is the operator's last key, and without one nobody could operate the "
                 "server; make another one first");
  }
  auto change = order_.Begin();
  Update update{.revision = change.revision(), .time = command.time, .by = command.by};
  auto entry = std::make_shared<KeyEntry>(**found);
  entry->key.revoked_at = command.time;
  update.tenant = entry->tenant;
  update.description = StrCat("revoked key ", entry->key.id, " \"", entry->key.display_name, "\"");
  update.batch.Put(StoredKey{entry->tenant, WithLastUse(*entry)});
  update.delta.keys.push_back(entry);
  DNC_RETURN_IF_ERROR(Finish(std::move(update)));
  change.Commit();
  return WithLastUse(*entry);
}

absl::StatusOr<ListOutcome> DirectoryCommitter::Apply(const ListCommand& command) {
  const absl::MutexLock lock(&changing_);
  return command.what == ListCommand::What::kCreate ? CreateList(command) : ChangeBlocks(command);
}

absl::StatusOr<ListOutcome> DirectoryCommitter::CreateList(const ListCommand& command) {
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr before, Find(command.tenant_id));
  ListOutcome made;
  made.list = command.list;
  DNC_RETURN_IF_ERROR(CheckList(made.list));
  if (before->lists.count(made.list.id) != 0) {
    return Error(reason::kAlreadyExists,
                 StrCat("there is a list ", made.list.id, " already; choose another id"));
  }
  if (before->lists.size() >= limits_.max_lists) {
    return LimitReached(
        StrCat("the tenant has ", before->lists.size(), " lists already, as many as are allowed"));
  }
  // Lists are never removed, so their numbers have no gaps.
  made.list.number = static_cast<ListNumber>(before->lists.size() + 1);
  made.list.created_at = command.time;
  made.list.blocks.clear();
  DNC_ASSIGN_OR_RETURN(made.revision,
                       FinishList(command, *before, made.list, DescribeNewList(made.list),
                                  {made.list.number, false, {}}));
  return made;
}

absl::StatusOr<ListOutcome> DirectoryCommitter::ChangeBlocks(const ListCommand& command) {
  const bool add = command.what == ListCommand::What::kAddBlocks;
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr before, Find(command.tenant_id));
  const auto found = before->lists.find(command.list.id);
  if (found == before->lists.end()) {
    return Error(reason::kNotFound, "the tenant has no list of that id; `dncctl lists` shows all");
  }
  ListOutcome outcome;
  outcome.list = found->second;
  DNC_RETURN_IF_ERROR(CheckBlocks(outcome.list, command.list.blocks));
  std::set<std::string> all(outcome.list.blocks.begin(), outcome.list.blocks.end());
  std::vector<std::string> changed;
  for (const std::string& block : command.list.blocks) {
    if (add ? all.insert(block).second : all.erase(block) != 0) changed.push_back(block);
  }
  if (changed.empty()) {
    // It is so already, so the revision in force will do.
    outcome.revision = order_.last();
    return outcome;
  }
  size_t count = changed.size();
  for (const auto& [id, list] : before->lists) count += list.blocks.size();
  if (add && count > limits_.max_blocks) {
    return LimitReached(StrCat("the tenant would have ", count, " blocks; at most ",
                               limits_.max_blocks, " are allowed"));
  }
  outcome.list.blocks.assign(all.begin(), all.end());
  std::string description =
      DescribeBlocks(add ? "blocked" : "ended the blocks of", changed, outcome.list);
  DNC_ASSIGN_OR_RETURN(outcome.revision,
                       FinishList(command, *before, outcome.list, std::move(description),
                                  {outcome.list.number, !add, std::move(changed)}));
  return outcome;
}

absl::StatusOr<uint64_t> DirectoryCommitter::FinishList(const ListCommand& command,
                                                        const TenantView& before,
                                                        const TenantList& list,
                                                        std::string description,
                                                        const ListChange& noted) {
  uint64_t revision = 0;
  const auto write = [&](ListJournal::Put put) -> absl::Status {
    changing_.AssertHeld();  // Clang cannot see this: the journal calls the function, with its lock
    auto change = order_.Begin();
    Update update{.revision = change.revision(), .time = command.time, .by = command.by};
    update.tenant = before.tenant.number;
    update.description = std::move(description);
    update.batch.Put(StoredList{before.tenant.number, list});
    std::map<std::string, TenantList> lists = before.lists;
    lists.insert_or_assign(list.id, list);
    update.delta.tenants.push_back(MakeTenantView(before.tenant, std::move(lists)));
    put(noted, change.revision(), update.batch.beside());
    DNC_RETURN_IF_ERROR(Finish(std::move(update)));
    change.Commit();
    revision = change.revision();
    return absl::OkStatus();
  };
  const absl::Status done = journal_ == nullptr
                                ? write([](const ListChange&, uint64_t, StoreBatch&) {})
                                : journal_->Note(before.tenant.number, command.time, write);
  if (!done.ok()) return done;
  return revision;
}

absl::Status DirectoryCommitter::Apply(const ServerCommand& command) {
  const absl::MutexLock lock(&changing_);
  auto change = order_.Begin();
  Update update{.revision = change.revision(), .time = command.time, .by = command.by};
  update.description = command.description;
  if (command.accepted_over.has_value()) {
    // The order does not matter: what is written and published is sorted by id.
    latest_->keys.ForEach([&](const KeyEntryPtr& found) {
      if (found->key.expires_at > *command.accepted_over || found->key.expires_at <= command.time) {
        return;
      }
      auto entry = std::make_shared<KeyEntry>(*found);
      entry->key.expires_at = command.time;
      update.batch.Put(StoredKey{entry->tenant, WithLastUse(*entry)});
      update.delta.keys.push_back(entry);
    });
    update.description += StrCat("; ended ", update.delta.keys.size(), " keys");
  }
  DNC_RETURN_IF_ERROR(Finish(std::move(update)));
  change.Commit();
  return absl::OkStatus();
}

absl::Status DirectoryCommitter::FlushLastUsed() {
  std::vector<std::string> moved;
  state_.latest()->keys.ForEach([&moved](const KeyEntryPtr& entry) {
    if (entry->use->minute.load(std::memory_order_relaxed) !=
        entry->use->stored.load(std::memory_order_relaxed)) {
      moved.push_back(entry->key.id);
    }
  });
  // One part at a time, so that changes can come in between.
  for (size_t begin = 0; begin < moved.size(); begin += kUsesABatch) {
    const size_t end = std::min(moved.size(), begin + kUsesABatch);
    DNC_RETURN_IF_ERROR(WriteUses(absl::MakeSpan(moved).subspan(begin, end - begin)));
  }
  return absl::OkStatus();
}

absl::Status DirectoryCommitter::WriteUses(absl::Span<const std::string> key_ids) {
  const absl::MutexLock lock(&changing_);
  DirectoryBatch batch;
  std::vector<std::pair<std::shared_ptr<KeyUse>, int64_t>> written;
  for (const std::string& id : key_ids) {
    const KeyEntryPtr* const entry = latest_->keys.Find(id);
    if (entry == nullptr) continue;  // dropped meanwhile
    ApiKey key = WithLastUse(**entry);
    written.emplace_back((*entry)->use, absl::ToUnixSeconds(key.last_used_at) / 60);
    batch.Put(StoredKey{(*entry)->tenant, std::move(key)});
  }
  if (written.empty()) return absl::OkStatus();
  DNC_RETURN_IF_ERROR(store_.Write(batch));
  for (const auto& [use, minute] : written) use->stored.store(minute, std::memory_order_relaxed);
  return absl::OkStatus();
}

}  // namespace dnc
