#include "server/tenants/tenant_directory.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "server/base/check.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/tenants/api_key.h"
#include "server/tenants/directory_committer.h"
#include "server/tenants/directory_state.h"
#include "server/tenants/known_keys.h"

namespace dnc {
namespace {

constexpr int kKeysDrawn = 10;

// Makes the same error for a key that is unknown, expired or revoked, or whose tenant is gone, so
// that a stranger who tries keys learns nothing from it.
absl::Status NotLive() {
  // It is made once: whoever has such a key may try it often.
  static const absl::Status status =
      Error(reason::kUnauthenticated,
            "the key is not live: it is unknown, expired or revoked; ask the operator for a "
            "new one");
  return status;
}

}  // namespace

TenantDirectory::TenantDirectory(Store* store, RevisionOrder* order, const Clock* clock,
                                 const DirectoryLimits& limits)
    : clock_(clock),
      state_(std::make_unique<DirectoryState>()),
      committer_(std::make_unique<DirectoryCommitter>(store, order, limits, state_.get())) {}
TenantDirectory::~TenantDirectory() = default;

absl::StatusOr<std::unique_ptr<TenantDirectory>> TenantDirectory::Open(Store* store,
                                                                       RevisionOrder* order,
                                                                       const Clock* clock,
                                                                       DirectoryLimits limits) {
  std::unique_ptr<TenantDirectory> directory(new TenantDirectory(store, order, clock, limits));
  DNC_RETURN_IF_ERROR(directory->committer_->Load(clock->Now()));
  return directory;
}

void TenantDirectory::SetJournal(ListJournal* journal) { committer_->SetJournal(journal); }

absl::StatusOr<Caller> TenantDirectory::Authenticate(std::string_view secret) const {
  const KnownKey* known = FindKnownKey(secret);
  KnownKey read;
  if (known == nullptr) {
    DNC_ASSIGN_OR_RETURN(read.id, ApiKeyId(secret));
    read.hash = HashApiKey(secret);
  }
  const std::string& id = known == nullptr ? read.id : known->id;
  const std::string& hash = known == nullptr ? read.hash : known->hash;
  const DirectoryView& view = state_->view();
  // The id is public, so the time that this search takes reveals nothing. The secret is compared in
  // constant time.
  const KeyEntryPtr* const found = view.keys.Find(id);
  if (found == nullptr) return NotLive();
  const KeyEntry& entry = **found;
  const absl::Time now = clock_->Now();
  if (!EqualHashes(hash, entry.key.hash) || !IsLive(entry.key, now)) return NotLive();
  if (known == nullptr) RememberKey(secret, id, hash);
  Caller caller;
  if (entry.tenant != 0) {
    const TenantViewPtr* const tenant = view.tenants.Find(entry.key.tenant_id);
    if (tenant == nullptr) return NotLive();
    caller.tenant = ThreadsOwn(*tenant);
  }
  const int64_t minute = absl::ToUnixSeconds(now) / 60;
  // This is written once a minute, so that calls with the same key do not contend for its cache
  // line.
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
  const TenantViewPtr* const tenant = state_->view().tenants.Find(kDefaultTenantId);
  DNC_CHECK(tenant != nullptr, "the default tenant is always there");
  Caller caller;
  caller.tenant = ThreadsOwn(*tenant);
  caller.key_id = "local";
  for (const KeyScope scope : {KeyScope::kScrub, KeyScope::kWriteLists, KeyScope::kOperate}) {
    caller.scopes = static_cast<uint8_t>(caller.scopes | 1 << static_cast<int>(scope));
  }
  return caller;
}

bool TenantDirectory::HasOperatorKey() const { return state_->LiveKeysOf("", clock_->Now()) > 0; }

bool TenantDirectory::HadOperatorKey() const { return !state_->KeysOf("").empty(); }

absl::StatusOr<TenantViewPtr> TenantDirectory::Find(std::string_view tenant_id) const {
  const TenantViewPtr* const found = state_->view().tenants.Find(tenant_id);
  if (found == nullptr) return NoSuchTenant();
  return ThreadsOwn(*found);
}

std::vector<TenantViewPtr> TenantDirectory::List(std::string_view after, size_t limit) const {
  return state_->List(after, limit);
}

std::vector<TenantViewPtr> TenantDirectory::All() const { return List("", ~size_t{0}); }

DirectoryCounts TenantDirectory::Counts() const {
  const DirectoryView& view = state_->view();
  const absl::Time now = clock_->Now();
  DirectoryCounts counts;
  view.tenants.ForEach([&](const TenantViewPtr& tenant) {
    ++(tenant->tenant.state == TenantState::kActive ? counts.active : counts.suspended);
  });
  view.keys.ForEach(
      [&](const KeyEntryPtr& entry) { counts.live_keys += IsLive(entry->key, now) ? 1 : 0; });
  return counts;
}

std::vector<TenantNumber> TenantDirectory::Removed() const { return state_->Removed(); }

absl::StatusOr<std::vector<TenantChange>> TenantDirectory::Changes(std::string_view tenant_id,
                                                                   size_t limit,
                                                                   uint64_t before) const {
  TenantNumber number = 0;
  if (!tenant_id.empty()) {
    const std::optional<TenantNumber> found = state_->NumberOf(tenant_id);
    if (!found.has_value()) return NoSuchTenant();
    number = *found;
  }
  return committer_->Changes(number, limit, before);
}

absl::StatusOr<std::vector<ApiKey>> TenantDirectory::Keys(std::string_view tenant_id) const {
  const DirectoryView& view = state_->view();
  if (!tenant_id.empty() && view.tenants.Find(tenant_id) == nullptr) return NoSuchTenant();
  const absl::Time now = clock_->Now();
  std::vector<ApiKey> keys;
  for (const std::string& id : state_->KeysOf(tenant_id)) {
    const KeyEntryPtr* const entry = view.keys.Find(id);
    if (entry != nullptr && !IsForgotten((*entry)->key, now)) keys.push_back(WithLastUse(**entry));
  }
  std::stable_sort(keys.begin(), keys.end(),
                   [](const ApiKey& a, const ApiKey& b) { return a.created_at > b.created_at; });
  return keys;
}

absl::StatusOr<TenantViewPtr> TenantDirectory::Apply(const TenantCommand& command) {
  return committer_->Apply(command);
}
absl::StatusOr<ApiKey> TenantDirectory::Apply(const KeyCommand& command) {
  return committer_->Apply(command);
}
absl::StatusOr<ListOutcome> TenantDirectory::Apply(const ListCommand& command) {
  return committer_->Apply(command);
}
absl::Status TenantDirectory::Apply(const ServerCommand& command) {
  return committer_->Apply(command);
}

absl::StatusOr<TenantViewPtr> TenantDirectory::Create(const Tenant& tenant, std::string_view by) {
  return Apply(TenantCommand{TenantCommand::What::kCreate, clock_->Now(), std::string(by), tenant});
}

absl::StatusOr<TenantViewPtr> TenantDirectory::Update(const Tenant& tenant, std::string_view by) {
  return Apply(TenantCommand{TenantCommand::What::kUpdate, clock_->Now(), std::string(by), tenant});
}

absl::StatusOr<Tenant> TenantDirectory::Remove(std::string_view tenant_id, std::string_view by) {
  TenantCommand command{TenantCommand::What::kRemove, clock_->Now(), std::string(by), {}};
  command.tenant.id = tenant_id;
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr gone, Apply(command));
  return gone->tenant;
}

absl::StatusOr<TenantDirectory::CreatedKey> TenantDirectory::CreateKey(const ApiKey& key,
                                                                       std::string_view by) {
  absl::Status refused;
  // Even if there are a million keys, only one id in a million is drawn that is taken.
  for (int i = 0; i < kKeysDrawn; ++i) {
    MadeApiKey made = MakeApiKey(key);
    const absl::StatusOr<ApiKey> created =
        Apply(KeyCommand{KeyCommand::What::kCreate, clock_->Now(), std::string(by), made.key});
    if (created.ok()) return CreatedKey{*created, std::move(made.secret)};
    refused = created.status();
    if (!absl::IsAlreadyExists(refused)) break;
  }
  return refused;
}

absl::StatusOr<ApiKey> TenantDirectory::RevokeKey(std::string_view key_id, std::string_view by) {
  KeyCommand command{KeyCommand::What::kRevoke, clock_->Now(), std::string(by), {}};
  command.key.id = key_id;
  return Apply(command);
}

absl::Status TenantDirectory::AcceptClock(absl::Time stores_time, std::string_view by,
                                          const std::string& description) {
  return Apply(ServerCommand{clock_->Now(), std::string(by), description, stores_time});
}

absl::Status TenantDirectory::Record(std::string_view by, const std::string& description) {
  return Apply(ServerCommand{clock_->Now(), std::string(by), description, std::nullopt});
}

absl::StatusOr<TenantList> TenantDirectory::CreateList(std::string_view tenant_id,
                                                       const TenantList& list,
                                                       std::string_view by) {
  DNC_ASSIGN_OR_RETURN(const ListOutcome made,
                       Apply(ListCommand{ListCommand::What::kCreate, clock_->Now(), std::string(by),
                                         std::string(tenant_id), list}));
  return made.list;
}

absl::StatusOr<uint64_t> TenantDirectory::AddBlocks(std::string_view tenant_id,
                                                    std::string_view list_id,
                                                    const std::vector<std::string>& blocks,
                                                    std::string_view by) {
  return ChangeBlocks(ListCommand::What::kAddBlocks, tenant_id, list_id, blocks, by);
}

absl::StatusOr<uint64_t> TenantDirectory::RemoveBlocks(std::string_view tenant_id,
                                                       std::string_view list_id,
                                                       const std::vector<std::string>& blocks,
                                                       std::string_view by) {
  return ChangeBlocks(ListCommand::What::kRemoveBlocks, tenant_id, list_id, blocks, by);
}

absl::StatusOr<uint64_t> TenantDirectory::ChangeBlocks(ListCommand::What what,
                                                       std::string_view tenant_id,
                                                       std::string_view list_id,
                                                       const std::vector<std::string>& blocks,
                                                       std::string_view by) {
  ListCommand command{what, clock_->Now(), std::string(by), std::string(tenant_id), {}};
  command.list.id = list_id;
  command.list.blocks = blocks;
  DNC_ASSIGN_OR_RETURN(const ListOutcome outcome, Apply(command));
  return outcome.revision;
}

absl::Status TenantDirectory::FlushLastUsed() { return committer_->FlushLastUsed(); }

}  // namespace dnc
