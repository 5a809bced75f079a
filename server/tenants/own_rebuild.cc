// Reading every record: to make the filter, and to see that none is missing or damaged.
#include <algorithm>
#include <chrono>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/storage/sealed_value.h"
#include "server/tenants/own_keys.h"
#include "server/tenants/own_lists_impl.h"
#include "server/tenants/own_requests.h"
#include "spdlog/spdlog.h"

namespace dnc {
namespace {

constexpr size_t kKeysAtOnce = 4096;
constexpr uint64_t kProgressRecords = 20'000'000;
constexpr std::chrono::seconds kTendInterval(60);
// Room for growth until the next rebuild.
constexpr double kHeadroom = 1.3;

}  // namespace

absl::Status OwnListsImpl::Verify(GrowingFilter::Rebuild* rebuild,
                                  std::set<TenantNumber>* damaged) const {
  const std::unique_ptr<StoreSnapshot> store = store_->Snapshot();
  DNC_ASSIGN_OR_RETURN(const OwnBooks stored, OwnBooks::Read(*store));
  OwnBooks counted;
  std::vector<BloomKey> keys;
  uint64_t read = 0;
  DNC_RETURN_IF_ERROR(store->Scan(
      Column::kRecords, "", "", [&](std::string_view key, std::string_view value) -> absl::Status {
        const absl::StatusOr<OwnKey> own_key = DecodeOwnKey(key);
        if (!own_key.ok()) return own_key.status();
        if (!UnsealValue(key, value).has_value()) damaged->insert(own_key->tenant);
        counted.Add({own_key->tenant, own_key->list}, DigestOfRecord(key, value));
        if (++read % kProgressRecords == 0) {
          spdlog::info("tenants' records: {} of {} million read", read / 1'000'000,
                       stored.records() / 1'000'000);
        }
        if (rebuild == nullptr) return absl::OkStatus();
        const BloomKey bloom_key{own_key->tenant, own_key->number};
        if (keys.empty() || !(keys.back() == bloom_key)) keys.push_back(bloom_key);
        if (keys.size() < kKeysAtOnce) return absl::OkStatus();
        rebuild->Add(keys);
        keys = {bloom_key};
        return absl::OkStatus();
      }));
  if (rebuild != nullptr) rebuild->Add(keys);
  for (const TenantNumber tenant : stored.Differences(counted)) damaged->insert(tenant);
  return absl::OkStatus();
}

absl::Status OwnListsImpl::Rebuild(bool starting) {
  uint64_t records = 0;
  {
    const std::lock_guard lock(books_mutex_);
    records = books_.records();
  }
  const auto capacity = std::max(options_.filter_min_records,
                                 static_cast<uint64_t>(static_cast<double>(records) * kHeadroom));
  DNC_ASSIGN_OR_RETURN(GrowingFilter::Rebuild rebuild, filter_.BeginRebuild(capacity));
  std::set<TenantNumber> damaged;
  DNC_RETURN_IF_ERROR(Verify(&rebuild, &damaged));
  if (damaged.empty()) {
    rebuild.Finish();
    return absl::OkStatus();
  }
  const absl::Status error =
      OwnListsDamaged(StrCat("records of ", damaged.size(), " tenants are missing or damaged"));
  if (starting) return error;
  const std::lock_guard lock(damaged_mutex_);
  damaged_.merge(damaged);
  any_damaged_.store(true, std::memory_order_release);
  return error;
}

void OwnListsImpl::Tend() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    TendOnce();
    lock.lock();
    tend_.wait_for(lock, kTendInterval, [this] { return stopping_; });
  }
}

void OwnListsImpl::TendOnce() {
  absl::Status status;
  if (!verified_) {  // an image spared the reading at the start
    std::set<TenantNumber> damaged;
    status = Verify(nullptr, &damaged);
    if (!damaged.empty()) {
      status =
          OwnListsDamaged(StrCat("records of ", damaged.size(), " tenants are missing or damaged"));
      const std::lock_guard lock(damaged_mutex_);
      damaged_.merge(damaged);
      any_damaged_.store(true, std::memory_order_release);
    }
    verified_ = true;
  } else if (filter_.rebuild_due() != RebuildReason::kNone) {
    spdlog::info("the filter of tenants' records is made anew");
    status = Rebuild(/*starting=*/false);
  }
  if (status.ok()) status = Prune();
  if (!status.ok()) spdlog::error("tenants' records: {}", std::string(status.message()));
}

// Old changes and request ids go.
absl::Status OwnListsImpl::Prune() {
  const std::lock_guard committing(commit_mutex_);
  DNC_RETURN_IF_ERROR(Settle());
  const absl::Time now = clock_->Now();
  const uint64_t up_to = changes_.DroppableUpTo(now, options_.change_age, options_.max_changes);
  if (up_to <= changes_.dropped_up_to()) return absl::OkStatus();
  // First the promise is taken back, then what it spoke of goes.
  OwnChangeLog changes = changes_;
  StoreBatch batch;
  changes.Drop(up_to, batch);
  DNC_RETURN_IF_ERROR(store_->Write(batch));
  changes_ = std::move(changes);
  StoreBatch ranges;
  for (const TenantNumber tenant : Tenants()) {
    ranges.DeleteRange(Column::kOwnChanges, TenantPrefix(tenant), ChangeKey(tenant, up_to + 1, 0));
  }
  DNC_RETURN_IF_ERROR(store_->Write(ranges));
  return PruneRequests(now);
}

absl::Status OwnListsImpl::PruneRequests(absl::Time now) {
  StoreBatch batch;
  DNC_RETURN_IF_ERROR(store_->Scan(
      Column::kRequests, "", "", [&](std::string_view key, std::string_view value) -> absl::Status {
        const absl::StatusOr<StoredReply> stored = DecodeReply(key, value);
        // A damaged one refuses its repetition until it is old; then nobody can tell that it is.
        if (stored.ok() && now - stored->time > options_.request_id_age) {
          batch.Delete(Column::kRequests, key);
        }
        return absl::OkStatus();
      }));
  return batch.count() == 0 ? absl::OkStatus() : store_->Write(batch);
}

}  // namespace dnc
