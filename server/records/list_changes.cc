// Lists and blocks in the changes that watchers are told of.
#include <algorithm>
#include <utility>

#include "server/base/status_macros.h"
#include "server/records/record_change.h"
#include "server/records/record_keys.h"
#include "server/records/tenant_records_impl.h"
#include "server/storage/checked_value.h"

namespace dnc {
namespace {

// In Column::kMeta: the revision from which on lists and blocks are noted.
constexpr std::string_view kListsNotedKey = "own/lists-noted";

// What is to be told of lists that are there, as if they were made now.
std::vector<ListChange> ChangesOf(const TenantView& tenant) {
  std::vector<ListChange> changes;
  for (const auto& [id, list] : tenant.lists) {
    if (id != kDefaultListId) changes.push_back({list.number, false, {}});
    if (!list.blocks.empty()) changes.push_back({list.number, false, list.blocks});
  }
  return changes;
}

}  // namespace

std::unique_lock<std::mutex> TenantRecordsImpl::LockChanges() {
  return std::unique_lock(commit_mutex_);
}

void TenantRecordsImpl::PutListChanges(TenantNumber tenant, uint64_t revision,
                                       absl::Span<const ListChange> changes, StoreBatch& batch) {
  noted_ = changes_;
  uint64_t place = 0;
  for (const ListChange& change : changes) {
    const std::string key = ChangeKey(tenant, revision, place);
    batch.Put(Column::kRecordChanges, key, EncodeListChange(key, change));
    place += std::max<uint64_t>(1, change.blocks.size());
  }
  noted_.Note(revision, place, clock_->Now(), batch);
}

void TenantRecordsImpl::ListChangesWritten() {
  changes_ = std::move(noted_);
  noted_ = ChangeLog();
  ShowChanges();
}

absl::StatusOr<std::vector<TenantNumber>> TenantRecordsImpl::TenantsWithChanges() const {
  std::vector<TenantNumber> tenants;
  std::string from;
  while (true) {
    DNC_ASSIGN_OR_RETURN(const auto key,
                         store_->FirstKey(Column::kRecordChanges, from, std::string(64, '\xFF')));
    if (!key.has_value()) return tenants;
    if (key->size() < 4) return RecordsDamaged("the key of a change is damaged");
    tenants.push_back(static_cast<TenantNumber>(GetNumber(std::string_view(*key).substr(0, 4))));
    from = EndOfTenant(tenants.back());
  }
}

absl::Status TenantRecordsImpl::NoteListsOnce(absl::Span<const TenantViewPtr> tenants) {
  const std::lock_guard committing(commit_mutex_);
  DNC_ASSIGN_OR_RETURN(const auto noted, store_->Snapshot()->Get(Column::kMeta, kListsNotedKey));
  return noted.has_value() ? absl::OkStatus() : NoteLists(tenants);
}

absl::Status TenantRecordsImpl::NoteLists(absl::Span<const TenantViewPtr> tenants) {
  DNC_RETURN_IF_ERROR(RecoverFailedWrite());
  RevisionOrder::Turn turn = order_->Begin();
  StoreBatch batch;
  bool any = false;
  for (const TenantViewPtr& tenant : tenants) {
    const std::vector<ListChange> changes = ChangesOf(*tenant);
    if (changes.empty()) continue;
    any = true;
    PutListChanges(tenant->tenant.number, turn.revision(), changes, batch);
    changes_ = noted_;  // the next tenant's are counted after them
  }
  std::string content;
  PutNumber(content, any ? turn.revision() : revision_, 8);
  batch.Put(Column::kMeta, kListsNotedKey, AddCheck(kListsNotedKey, content));
  if (any) batch.Put(Column::kMeta, kRecordsRevisionKey, AddCheck(kRecordsRevisionKey, content));
  write_uncertain_ = true;  // read anew, should the write fail
  DNC_RETURN_IF_ERROR(store_->Write(batch));
  if (any) {
    revision_ = turn.revision();
    turn.Commit();
    DNC_RETURN_IF_ERROR(journal_->Move({id_, revision_}));
  }
  ShowChanges();
  write_uncertain_ = false;
  return absl::OkStatus();
}

}  // namespace dnc
