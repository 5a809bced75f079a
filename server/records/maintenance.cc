// The filter made anew, the background's reading of all records, and what is too old to be kept.
#include <algorithm>
#include <chrono>
#include <utility>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/records/full_read.h"
#include "server/records/record_keys.h"
#include "server/records/tenant_records_impl.h"
#include "spdlog/spdlog.h"

namespace dnc {
namespace {

// After a rebuild there is room for as many records again, but for no more than these: with
// hundreds of millions of records the room would cost more memory than a rebuild is worth.
constexpr uint64_t kMaxRoom = 10'000'000;

uint64_t CapacityFor(uint64_t records, uint64_t least) {
  return std::max(least, records + std::min(records, kMaxRoom));
}

}  // namespace

absl::Status TenantRecordsImpl::Verify(const FullReadOptions& options) {
  DNC_ASSIGN_OR_RETURN(std::set<TenantNumber> damaged,
                       ReadAllRecords(*store_->Snapshot(), options));
  if (damaged.empty()) return absl::OkStatus();
  const absl::Status error =
      RecordsDamaged(StrCat("records of ", damaged.size(), " tenants are missing or damaged"));
  const std::lock_guard lock(damaged_mutex_);
  damaged_.merge(damaged);
  any_damaged_.store(true, std::memory_order_release);
  return error;
}

absl::Status TenantRecordsImpl::Rebuild(int threads) {
  uint64_t records = 0;
  {
    const std::lock_guard lock(ledger_mutex_);
    records = ledger_.records();
  }
  DNC_ASSIGN_OR_RETURN(GrowingFilter::Rebuild rebuild,
                       filter_.BeginRebuild(CapacityFor(records, options_.filter_min_records)));
  DNC_RETURN_IF_ERROR(Verify({threads, &rebuild, &ending_}));
  rebuild.Finish();
  return absl::OkStatus();
}

void TenantRecordsImpl::Maintain() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const absl::Status status = MaintainOnce();
    lock.lock();
    // What failed is not tried again at once, however often it is asked for.
    maintain_.wait_for(lock, absl::ToChronoSeconds(options_.maintenance_interval),
                       [&] { return stopping_ || (maintain_soon_ && status.ok()); });
    maintain_soon_ = false;
  }
}

absl::Status TenantRecordsImpl::MaintainOnce() {
  absl::Status status;
  if (!verified_ && options_.read_in_background) {  // an image spared the reading at the start
    status = Verify({1, nullptr, &ending_});
    // An error of the store, or an end, says nothing: all is read again.
    verified_ = status.ok() || any_damaged_;
    // But a store that can't be read is not the whole one that was sealed.
    if (!absl::IsCancelled(status)) proven_ = verified_.load();
  } else if (filter_.rebuild_due() != RebuildReason::kNone) {
    spdlog::info("the filter of tenants' records is made anew");
    status = Rebuild(/*threads=*/1);
  }
  too_many_requests_ = store_->EstimateCount(Column::kRequests) >= options_.max_request_ids;
  if (status.ok()) status = Prune();
  if (!status.ok() && !absl::IsCancelled(status)) {
    spdlog::error("tenants' records: {}", std::string(status.message()));
  }
  return status;
}

// Old changes go. Request ids go by themselves (StoreOptions::request_is_old).
absl::Status TenantRecordsImpl::Prune() {
  const std::lock_guard committing(commit_mutex_);
  DNC_RETURN_IF_ERROR(RecoverFailedWrite());
  const absl::Time now = clock_->Now();
  const uint64_t up_to = changes_.DroppableUpTo(now, options_.change_age, options_.max_changes);
  if (up_to <= changes_.dropped_up_to()) return absl::OkStatus();
  // First the promise is taken back, then what it spoke of goes.
  ChangeLog changes = changes_;
  StoreBatch batch;
  changes.Drop(up_to, batch);
  DNC_RETURN_IF_ERROR(store_->Write(batch));
  changes_ = std::move(changes);
  ShowChanges();
  StoreBatch ranges;
  DNC_ASSIGN_OR_RETURN(const std::vector<TenantNumber> tenants, TenantsWithChanges());
  for (const TenantNumber tenant : tenants) {
    ranges.DeleteRange(Column::kRecordChanges, TenantPrefix(tenant),
                       ChangeKey(tenant, up_to + 1, 0));
  }
  return store_->Write(ranges);
}

}  // namespace dnc
