#include "server/tenants/directory_store.h"

#include <algorithm>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/storage/checked_value.h"
#include "server/storage/mark_file.h"

namespace dnc {
namespace {

// If the limit was lowered, the changes above it are dropped in steps of so many.
constexpr int kMaxDrops = 100;

// Returns the end of all keys with the prefix, which ends with `/`.
std::string EndOf(std::string_view prefix) {
  std::string end(prefix);
  ++end.back();
  return end;
}

template <typename Record>
absl::Status ReadAll(const Store& store, std::string_view prefix, std::vector<Record>& records,
                     uint64_t& digest) {
  return store.Scan(
      Column::kMeta, prefix, EndOf(prefix),
      [&records, &digest](std::string_view key, std::string_view value) -> absl::Status {
        const std::optional<std::string_view> content = RemoveCheck(key, value);
        if (!content.has_value()) return DirectoryDamaged("record of a tenant, key or list");
        Record record;
        DNC_RETURN_IF_ERROR(Decode(key, *content, &record));
        records.push_back(std::move(record));
        digest ^= CheckOf(value);
        return absl::OkStatus();
      });
}

}  // namespace

absl::StatusOr<std::optional<DirectoryHead>> ReadDirectoryHead(const Store& store) {
  DNC_ASSIGN_OR_RETURN(const std::optional<std::string> value, store.Get(Column::kMeta, kHeadKey));
  if (!value.has_value()) return std::nullopt;
  const std::optional<std::string_view> content = RemoveCheck(kHeadKey, *value);
  if (!content.has_value()) return DirectoryDamaged("counter of tenants");
  DirectoryHead head;
  DNC_RETURN_IF_ERROR(Decode(kHeadKey, *content, &head));
  return head;
}

absl::StatusOr<DirectoryStore::Contents> DirectoryStore::Read() {
  DNC_ASSIGN_OR_RETURN(const std::optional<DirectoryHead> head, ReadDirectoryHead(*store_));
  head_ = head.value_or(DirectoryHead());
  Contents contents;
  uint64_t digest = 0;
  DNC_RETURN_IF_ERROR(ReadAll(*store_, kTenantPrefix, contents.tenants, digest));
  DNC_RETURN_IF_ERROR(ReadAll(*store_, kKeyPrefix, contents.keys, digest));
  DNC_RETURN_IF_ERROR(ReadAll(*store_, kListPrefix, contents.lists, digest));
  const bool any = !contents.tenants.empty() || !contents.keys.empty() || !contents.lists.empty();
  if (any && !head.has_value()) return DirectoryDamaged("counter of tenants");
  if (digest != head_.digest) return DirectoryDamaged("record of at least one tenant, key or list");
  DNC_RETURN_IF_ERROR(CheckMark());
  return contents;
}

absl::Status DirectoryStore::CheckMark() {
  DNC_ASSIGN_OR_RETURN(const std::optional<uint64_t> mark, ReadMark(mark_path_));
  if (mark.value_or(0) > head_.revision) {
    return Error(reason::kStorageDamaged,
                 StrCat("the tenants' store has changes of tenants and keys up to revision ",
                        head_.revision, ", but revision ", *mark,
                        " was acknowledged: it has lost changes. Restore the newest copy of the "
                        "data folder; docs/operations.md says how"));
  }
  // If a crash came between the write and the mark, the write holds.
  if (mark.value_or(0) < head_.revision) return WriteMark(mark_path_, head_.revision);
  return absl::OkStatus();
}

absl::Status DirectoryStore::Write(const DirectoryBatch& batch) {
  StoreBatch out = batch.beside_;
  DirectoryHead head = head_;
  for (const auto& [key, content] : batch.records_) {
    // The digest must fit the store, so this reads the store and not memory.
    DNC_ASSIGN_OR_RETURN(const std::optional<std::string> before, store_->Get(Column::kMeta, key));
    if (before.has_value()) {
      if (!RemoveCheck(key, *before).has_value()) return DirectoryDamaged("record to be changed");
      head.digest ^= CheckOf(*before);
    }
    if (content.has_value()) {
      const std::string value = AddCheck(key, *content);
      head.digest ^= CheckOf(value);
      out.Put(Column::kMeta, key, value);
    } else {
      out.Delete(Column::kMeta, key);
    }
  }
  uint64_t kept = 0;
  if (batch.change_.has_value()) {
    head.revision = batch.change_->revision;
    head.changed_at = batch.change_->time;
    DNC_RETURN_IF_ERROR(AddChange(batch, out, &kept));
  }
  head.next_number = batch.next_number_.value_or(head.next_number);
  out.Put(Column::kMeta, kHeadKey, AddCheck(kHeadKey, Encode(head)));
  DNC_RETURN_IF_ERROR(store_->Write(out));
  head_ = head;
  if (batch.change_.has_value()) {
    changes_kept_[batch.tenant_] = kept;
    store_->NoteRevision(head.revision);
    // The change holds whether or not the mark can be written, and an error here would report a
    // durable change as refused. The next change or start catches up a mark that lags.
    WriteMark(mark_path_, head.revision).IgnoreError();
  }
  return absl::OkStatus();
}

absl::Status DirectoryStore::AddChange(const DirectoryBatch& batch, StoreBatch& out,
                                       uint64_t* kept) {
  const TenantNumber tenant = batch.tenant_;
  const std::string end = ChangeRecordKey(tenant, ~0ULL);
  std::string from = ChangeRecordKey(tenant, 0);
  const auto known = changes_kept_.find(tenant);
  if (known != changes_kept_.end()) {
    *kept = known->second;
  } else {
    DNC_RETURN_IF_ERROR(
        store_->Scan(Column::kMeta, from, end, [kept](std::string_view, std::string_view) {
          ++*kept;
          return absl::OkStatus();
        }));
  }
  const std::string key = ChangeRecordKey(tenant, batch.change_->revision);
  out.Put(Column::kMeta, key, AddCheck(key, Encode(*batch.change_)));
  ++*kept;
  const uint64_t most = std::max<uint64_t>(1, max_changes_);
  for (int i = 0; i<kMaxDrops&& * kept> most; ++i) {
    DNC_ASSIGN_OR_RETURN(const std::optional<std::string> oldest,
                         store_->FirstKey(Column::kMeta, from, end));
    if (!oldest.has_value()) break;
    out.Delete(Column::kMeta, *oldest);
    --*kept;
    from = *oldest + '\0';
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TenantChange>> DirectoryStore::Changes(TenantNumber tenant, size_t limit,
                                                                  uint64_t before) const {
  std::vector<TenantChange> changes;
  const std::string begin = ChangeRecordKey(tenant, 0);
  std::string end = ChangeRecordKey(tenant, before == 0 ? ~0ULL : before);
  while (changes.size() < limit) {
    DNC_ASSIGN_OR_RETURN(const std::optional<std::string> key,
                         store_->LastKey(Column::kMeta, begin, end));
    if (!key.has_value()) break;
    end = *key;
    DNC_ASSIGN_OR_RETURN(const std::optional<std::string> value, store_->Get(Column::kMeta, *key));
    if (!value.has_value()) continue;  // dropped in between, as one of too many
    const std::optional<std::string_view> content = RemoveCheck(*key, *value);
    if (!content.has_value()) return DirectoryDamaged("record of a change");
    TenantChange change;
    DNC_RETURN_IF_ERROR(Decode(*key, *content, &change));
    changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace dnc
