#include "server/records/record_maintenance.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/index/bloom_image.h"
#include "server/records/record_keys.h"

namespace dnc {
namespace {

// After a rebuild there is room for as many records again, but for no more than these: with
// hundreds of millions of records the room would cost more memory than a rebuild is worth.
constexpr uint64_t kMaxRoom = 10'000'000;

uint64_t CapacityFor(uint64_t records, uint64_t least) {
  return std::max(least, records + std::min(records, kMaxRoom));
}

}  // namespace

absl::Status RecordMaintenance::Start() {
  const std::optional<Position> position = committer_.position();
  const bool verified = !(position.has_value() && AdoptImage(*position));
  parts_.health.Begin(verified, verified || parts_.store->sealed().ok());
  TellUnproven();
  if (verified) {
    const unsigned cores = std::thread::hardware_concurrency();
    DNC_RETURN_IF_ERROR(Rebuild(static_cast<int>(std::max(1U, cores))));
  }
  task_ = std::make_unique<PeriodicTask>(parts_.options.maintenance_interval,
                                         [this] { last_failed_ = !Run().ok(); });
  task_->Wake();
  return absl::OkStatus();
}

void RecordMaintenance::Stop() {
  stopping_ = true;
  if (task_ != nullptr) task_->Stop();
}

void RecordMaintenance::DoSoon() {
  if (!last_failed_ && !stopping_) task_->Wake();
}

bool RecordMaintenance::AdoptImage(const Position& position) {
  absl::StatusOr<std::unique_ptr<BloomFilter>> filter = absl::NotFoundError("not looked for");
  if (committer_.Records() >= parts_.options.image_min_records) {
    filter = ReadBloomImage(FilterPath(), {position.store[0], position.store[1], position.revision},
                            GrowingFilterOptions().max_bytes);
  }
  // The image is of this moment: after later writes it would be of the past, whatever its revision
  // says, so it is used once.
  std::error_code ignored;
  std::filesystem::remove(FilterPath(), ignored);
  if (!filter.ok()) {
    if (!absl::IsNotFound(filter.status())) {
      LogWarn("the filter's image is not used: {}", std::string(filter.status().message()));
    }
    return false;
  }
  return parts_.filter.Adopt(*std::move(filter)).ok();
}

void RecordMaintenance::TellUnproven() const {
  const absl::Status& sealed = parts_.store->sealed();
  // A store has no seal after a crash, and when it is new.
  if (!sealed.ok() && !absl::IsNotFound(sealed)) {
    LogWarn("tenants' records: all are read and compared with their ledger, because {}",
            std::string(sealed.message()));
  }
  if (parts_.health.proven()) return;
  LogWarn(
      "tenants' records: until all {} are read, numbers that the filter lets through are not "
      "covered unless an own do-not-call list holds them, because no seal proves that the store is "
      "whole",
      committer_.Records());
}

void RecordMaintenance::LeaveProofs() {
  const std::shared_ptr<const BloomFilter> filter = parts_.filter.current();
  const std::optional<Position> position = committer_.position();
  if (filter == nullptr || !position.has_value() || parts_.health.any_damaged()) return;
  // A seal says that nothing is missing: whoever does not know that must not leave one.
  if (parts_.health.proven()) parts_.store->SealWhenClosed();
  const absl::Status status = WriteBloomImage(
      *filter, {position->store[0], position->store[1], position->revision}, FilterPath());
  if (!status.ok()) {
    LogWarn("the filter's image is not written, so the next start takes longer: {}",
            std::string(status.message()));
  }
}

absl::Status RecordMaintenance::Verify(const FullReadOptions& options) {
  DNC_ASSIGN_OR_RETURN(std::set<TenantNumber> damaged,
                       ReadAllRecords(*parts_.store->Snapshot(), options));
  if (damaged.empty()) return absl::OkStatus();
  const absl::Status error =
      RecordsDamaged(StrCat("records of ", damaged.size(), " tenants are missing or damaged"));
  parts_.health.AddDamaged(std::move(damaged));
  return error;
}

absl::Status RecordMaintenance::Rebuild(int threads) {
  const uint64_t capacity = CapacityFor(committer_.Records(), parts_.options.filter_min_records);
  DNC_ASSIGN_OR_RETURN(GrowingFilter::Rebuild rebuild, parts_.filter.BeginRebuild(capacity));
  // The snapshot is taken after BeginRebuild: a record that it lacks is inserted into both filters.
  DNC_RETURN_IF_ERROR(Verify({threads, &rebuild, &stopping_}));
  rebuild.Finish();
  return absl::OkStatus();
}

absl::Status RecordMaintenance::Run() {
  absl::Status status;
  // An image has spared the reading at the start.
  if (!parts_.health.verified() && parts_.options.read_in_background) {
    status = Verify({1, nullptr, &stopping_});
    parts_.health.EndReading(status);
  } else if (parts_.filter.rebuild_due() != RebuildReason::kNone) {
    LogInfo("the filter of tenants' records is made anew");
    status = Rebuild(/*threads=*/1);
  }
  committer_.SetRequestIdsFull(parts_.store->EstimateCount(Column::kRequests) >=
                               parts_.options.max_request_ids);
  if (status.ok()) status = committer_.PruneChanges();
  if (!status.ok() && !absl::IsCancelled(status)) {
    LogError("tenants' records: {}", std::string(status.message()));
  }
  return status;
}

}  // namespace dnc
