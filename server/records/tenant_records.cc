#include "server/records/tenant_records.h"

#include <algorithm>
#include <filesystem>

#include "server/base/status_macros.h"
#include "server/index/bloom_image.h"
#include "server/records/record_keys.h"
#include "server/records/tenant_records_impl.h"
#include "server/storage/checked_value.h"
#include "spdlog/spdlog.h"

namespace dnc {
namespace {

GrowingFilterOptions FilterOptions(const TenantRecordsOptions& options) {
  GrowingFilterOptions filter;
  filter.bits_a_key = options.filter_bits;
  filter.worn_share = options.filter_wear;
  return filter;
}

std::string StoreIdText(const StoreId& id) {
  std::string text;
  PutNumber(text, id[0], 8);
  PutNumber(text, id[1], 8);
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TenantRecords>> TenantRecords::Open(TenantRecordsOptions options,
                                                                   Store* store,
                                                                   RevisionOrder* order,
                                                                   const Clock* clock) {
  auto lists = std::make_unique<TenantRecordsImpl>(std::move(options), store, order, clock);
  DNC_RETURN_IF_ERROR(lists->Start());
  return lists;
}

absl::StatusOr<uint64_t> StoredRevision(const StoreSnapshot& store) {
  DNC_ASSIGN_OR_RETURN(const auto stored, store.Get(Column::kMeta, kRecordsRevisionKey));
  if (!stored.has_value()) return 0;
  const auto content = RemoveCheck(kRecordsRevisionKey, *stored);
  if (!content.has_value() || content->size() != 8) {
    return RecordsDamaged("the stored revision is damaged");
  }
  return GetNumber(*content);
}

TenantRecordsImpl::TenantRecordsImpl(TenantRecordsOptions options, Store* store,
                                     RevisionOrder* order, const Clock* clock)
    : options_(std::move(options)),
      store_(store),
      order_(order),
      clock_(clock),
      filter_(FilterOptions(options_)) {}

TenantRecordsImpl::~TenantRecordsImpl() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ending_ = true;
  }
  wake_.notify_all();
  maintain_.notify_all();
  const bool started = committer_.joinable();
  if (started) committer_.join();
  if (maintainer_.joinable()) maintainer_.join();
  if (started) LeaveProofs();
}

absl::Status TenantRecordsImpl::Start() {
  DNC_RETURN_IF_ERROR(ReadPositions());
  order_->StartFrom(revision_);
  verified_ = !AdoptImage();
  proven_ = verified_ || store_->sealed().ok();
  TellUnproven();
  if (verified_) {
    const unsigned cores = std::thread::hardware_concurrency();
    DNC_RETURN_IF_ERROR(Rebuild(static_cast<int>(std::max(1U, cores))));
  }
  committer_ = std::thread([this] { CommitAll(); });
  maintainer_ = std::thread([this] { Maintain(); });
  return absl::OkStatus();
}

absl::Status TenantRecordsImpl::MakeStore() {
  id_ = NewStoreId();
  StoreBatch batch;
  batch.Put(Column::kMeta, kRecordsStoreKey, AddCheck(kRecordsStoreKey, StoreIdText(id_)));
  // Who watched a store that is lost must not go on as if nothing had been there.
  DNC_ASSIGN_OR_RETURN(const std::optional<StoreHead> head, ReadStoreHead(*store_));
  if (head.has_value() && head->lost.up_to > 0) changes_.Drop(head->lost.up_to, batch);
  return store_->Write(batch);
}

absl::Status TenantRecordsImpl::ReadPositions() {
  DNC_ASSIGN_OR_RETURN(journal_, JournalPosition::Open(options_.data_dir + kJournalName));
  const std::unique_ptr<StoreSnapshot> store = store_->Snapshot();
  DNC_ASSIGN_OR_RETURN(const auto stored, store->Get(Column::kMeta, kRecordsStoreKey));
  const std::optional<Position>& acknowledged = journal_->last();
  if (!stored.has_value()) {
    if (acknowledged.has_value()) {
      return RecordsDamaged(
          "the tenants' store is empty, but it was there: tenants.journal knows of it");
    }
    DNC_RETURN_IF_ERROR(MakeStore());
    return journal_->Move({id_, 0});
  }
  const auto id = RemoveCheck(kRecordsStoreKey, *stored);
  if (!id.has_value() || id->size() != 16) {
    return RecordsDamaged("the id of the tenants' store is damaged");
  }
  id_ = {GetNumber(id->substr(0, 8)), GetNumber(id->substr(8))};
  DNC_ASSIGN_OR_RETURN(revision_, StoredRevision(*store));
  if (!acknowledged.has_value() && revision_ > 0) {
    return RecordsDamaged(
        "tenants.journal is gone, so nobody can tell whether tenants' records are missing");
  }
  if (acknowledged.has_value() && acknowledged->store != id_) {
    return RecordsDamaged("tenants.journal belongs to another store than the folder `tenants`");
  }
  if (acknowledged.has_value() && acknowledged->revision > revision_) {
    return RecordsDamaged(StrCat("the tenants' store is at revision ", revision_, ", but revision ",
                                 acknowledged->revision, " was acknowledged: records are missing"));
  }
  DNC_ASSIGN_OR_RETURN(ledger_, Ledger::Read(*store));
  DNC_RETURN_IF_ERROR(changes_.Read(*store));
  ShowChanges();
  // A crash came between a write and its acknowledgement; the write holds.
  return journal_->Move({id_, revision_});
}

bool TenantRecordsImpl::AdoptImage() {
  absl::StatusOr<std::unique_ptr<BloomFilter>> filter = absl::NotFoundError("not looked for");
  if (ledger_.records() >= options_.image_min_records) {
    filter =
        ReadBloomImage(FilterPath(), {id_[0], id_[1], revision_}, GrowingFilterOptions().max_bytes);
  }
  // It is of this moment: with later writes it would be of the past, whatever its revision says.
  std::error_code ignored;
  std::filesystem::remove(FilterPath(), ignored);
  if (!filter.ok()) {
    if (!absl::IsNotFound(filter.status())) {
      spdlog::warn("the filter's image is not used: {}", std::string(filter.status().message()));
    }
    return false;
  }
  return filter_.Adopt(*std::move(filter)).ok();
}

void TenantRecordsImpl::TellUnproven() const {
  const absl::Status& sealed = store_->sealed();
  // There is none after a crash, and in a new store.
  if (!sealed.ok() && !absl::IsNotFound(sealed)) {
    spdlog::warn("tenants' records: all are read and compared with their books, because {}",
                 std::string(sealed.message()));
  }
  if (proven_) return;
  spdlog::warn(
      "tenants' records: until all {} are read, numbers that the filter lets through are not "
      "covered unless an own do-not-call list holds them, because no seal proves that the store is "
      "whole",
      ledger_.records());
}

void TenantRecordsImpl::LeaveProofs() {
  const std::lock_guard committing(commit_mutex_);
  const std::shared_ptr<const BloomFilter> filter = filter_.current();
  if (filter == nullptr || write_uncertain_ || any_damaged_) return;
  // A seal says that nothing is missing: whoever does not know that must not leave one.
  if (proven_) store_->SealWhenClosed();
  const absl::Status status = WriteBloomImage(*filter, {id_[0], id_[1], revision_}, FilterPath());
  if (!status.ok()) {
    spdlog::warn("the filter's image is not written, so the next start takes longer: {}",
                 std::string(status.message()));
  }
}

absl::Status TenantRecordsImpl::Drop(TenantNumber tenant) {
  const std::lock_guard committing(commit_mutex_);
  DNC_RETURN_IF_ERROR(RecoverFailedWrite());
  const uint64_t records = Records(tenant);
  const std::string begin = TenantPrefix(tenant);
  const std::string end = EndOfTenant(tenant);
  StoreBatch batch;
  for (const Column column : {Column::kRecords, Column::kRecordChanges, Column::kRequests}) {
    batch.DeleteRange(column, begin, end);
  }
  {
    const std::lock_guard lock(ledger_mutex_);
    ledger_.Drop(tenant, batch);
  }
  // Read anew, should the write fail.
  write_uncertain_ = true;
  DNC_RETURN_IF_ERROR(store_->Write(batch));
  write_uncertain_ = false;
  filter_.NoteDeleted(records);
  const std::lock_guard lock(damaged_mutex_);
  damaged_.erase(tenant);  // a number that is never given again
  return absl::OkStatus();
}

uint64_t TenantRecordsImpl::Records(TenantNumber tenant) const {
  const std::lock_guard lock(ledger_mutex_);
  return ledger_.records(tenant);
}

uint64_t TenantRecordsImpl::Records(TenantNumber tenant, ListNumber list) const {
  const std::lock_guard lock(ledger_mutex_);
  return ledger_.records(Ledger::Id{tenant, list});
}

}  // namespace dnc
