#include "server/tenants/own_bulk.h"

#include <utility>

#include "server/base/status_macros.h"
#include "server/storage/sealed_value.h"
#include "server/tenants/journal_position.h"
#include "server/tenants/own_change_log.h"
#include "server/tenants/own_keys.h"

namespace dnc {

absl::StatusOr<std::unique_ptr<OwnBulk>> OwnBulk::Begin(Store* store, std::string data_dir) {
  DNC_ASSIGN_OR_RETURN(const auto first,
                       store->FirstKey(Column::kRecords, "", std::string(64, '\xFF')));
  if (first.has_value()) {
    return Error(absl::StatusCode::kFailedPrecondition, reason::kInvalidRequest,
                 StrCat(store->path(), " holds records already; name a new data folder"));
  }
  return std::unique_ptr<OwnBulk>(new OwnBulk(store, std::move(data_dir)));
}

absl::StatusOr<std::unique_ptr<OwnBulk::Run>> OwnBulk::NewRun() {
  DNC_ASSIGN_OR_RETURN(auto file, store_->NewIngest(Column::kRecords));
  return std::unique_ptr<Run>(new Run(this, std::move(file)));
}

absl::Status OwnBulk::Run::Add(const OwnKey& key, const OwnRecord& record) {
  const std::string stored_key = EncodeOwnKey(key);
  const std::string value = EncodeOwnRecord(stored_key, record);
  OwnBook& book = books_[{key.tenant, key.list}];
  ++book.records;
  book.digest += DigestOfRecord(stored_key, value);
  ++records_;
  return file_->Add(stored_key, value);
}

absl::Status OwnBulk::Run::Finish() {
  DNC_RETURN_IF_ERROR(file_->Finish());
  const std::lock_guard lock(bulk_->mutex_);
  for (const auto& [id, book] : books_) bulk_->books_.Add(id, book);
  return absl::OkStatus();
}

absl::Status OwnBulk::Finish(uint64_t revision) {
  const std::lock_guard lock(mutex_);
  StoreBatch batch;
  books_.WriteChanged(batch);
  OwnChangeLog changes;
  DNC_RETURN_IF_ERROR(changes.Read(*store_->Snapshot()));
  changes.Drop(revision, batch);
  std::string content;
  PutNumber(content, revision, 8);
  batch.Put(Column::kMeta, kOwnRevisionKey, SealValue(kOwnRevisionKey, content));
  DNC_RETURN_IF_ERROR(store_->Write(batch));
  DNC_ASSIGN_OR_RETURN(const auto journal, JournalPosition::Open(data_dir_ + kJournalName));
  if (!journal->last().has_value()) {
    return OwnListsDamaged("tenants.journal is gone while the store is filled");
  }
  return journal->Move({journal->last()->store, revision});
}

}  // namespace dnc
