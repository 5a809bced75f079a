#include "server/records/bulk_load.h"

#include <utility>

#include "server/base/status_macros.h"
#include "server/records/change_log.h"
#include "server/records/journal_position.h"
#include "server/records/record_keys.h"

namespace dnc {

absl::StatusOr<std::unique_ptr<BulkLoad>> BulkLoad::Begin(Store* store, std::string data_dir) {
  DNC_ASSIGN_OR_RETURN(const auto first,
                       store->FirstKey(Column::kRecords, "", std::string(64, '\xFF')));
  if (first.has_value()) {
    return Error(reason::kInvalidNow,
                 StrCat(store->path(), " holds records already; name a new data folder"));
  }
  return std::unique_ptr<BulkLoad>(new BulkLoad(store, std::move(data_dir)));
}

absl::StatusOr<std::unique_ptr<BulkLoad::Run>> BulkLoad::NewRun() {
  DNC_ASSIGN_OR_RETURN(auto file, store_->NewIngest(Column::kRecords));
  return std::unique_ptr<Run>(new Run(this, std::move(file)));
}

absl::Status BulkLoad::Run::Add(const RecordKey& key, const TenantRecord& record) {
  const std::string stored_key = EncodeRecordKey(key);
  const std::string value = EncodeTenantRecord(stored_key, record);
  LedgerEntry& entry = ledger_[{key.tenant, key.list}];
  ++entry.records;
  entry.digest += DigestOfRecord(stored_key, value);
  ++records_;
  return file_->Add(stored_key, value);
}

absl::Status BulkLoad::Run::Finish() {
  DNC_RETURN_IF_ERROR(file_->Finish());
  const absl::MutexLock lock(&bulk_->mutex_);
  for (const auto& [id, entry] : ledger_) bulk_->ledger_.Add(id, entry);
  return absl::OkStatus();
}

absl::Status BulkLoad::Finish(uint64_t revision) {
  const absl::MutexLock lock(&mutex_);
  StoreBatch batch;
  ledger_.WriteChanged(batch);
  ChangeLog changes;
  DNC_RETURN_IF_ERROR(changes.Read(*store_->Snapshot()));
  changes.Drop(revision, batch);
  PutRevision(revision, batch);
  DNC_RETURN_IF_ERROR(store_->Write(batch));
  DNC_ASSIGN_OR_RETURN(const auto journal, JournalPosition::Open(data_dir_ + kJournalName));
  if (!journal->last().has_value()) {
    return RecordsDamaged("tenants.journal is gone while the store is filled");
  }
  return journal->Move({journal->last()->store, revision});
}

}  // namespace dnc
