#include "server/records/record_stats.h"

#include <algorithm>
#include <string>

#include "server/base/error.h"

namespace dnc {
namespace {

uint64_t Get(const std::atomic<uint64_t>& count) { return count.load(std::memory_order_relaxed); }

template <size_t kSize>
std::array<uint64_t, kSize> GetAll(const std::array<std::atomic<uint64_t>, kSize>& counts) {
  std::array<uint64_t, kSize> values{};
  std::transform(counts.begin(), counts.end(), values.begin(), Get);
  return values;
}

WriteFailure FailureOf(const std::string& why) {
  if (why == reason::kDiskFull) return WriteFailure::kDiskFull;
  if (why == reason::kStorage) return WriteFailure::kStorage;
  if (why == reason::kOwnListsDamaged) return WriteFailure::kDamaged;
  if (why == reason::kLimitReached) return WriteFailure::kTooManyRequestIds;
  return WriteFailure::kOther;
}

}  // namespace

void RecordCounters::CountFailure(const absl::Status& status) {
  const std::string why = ErrorReason(status);
  if (why == reason::kRequestIdReused || why == reason::kStopping) return;
  CountFailure(FailureOf(why));
}

void RecordCounters::CountFailure(WriteFailure failure) {
  failed_writes[static_cast<size_t>(failure)].fetch_add(1, std::memory_order_relaxed);
}

void RecordCounters::Fill(TenantRecordsStats& stats) const {
  stats.unknown_numbers = Get(unknown_numbers);
  stats.store_reads = Get(reads);
  stats.commits = Get(commits);
  stats.commit_time = absl::Nanoseconds(static_cast<int64_t>(Get(commit_nanoseconds)));
  stats.writes = Get(writes);
  stats.records_by_outcome = GetAll(records_by_outcome);
  stats.failed_writes = GetAll(failed_writes);
  stats.quota_refusals = Get(quota_refusals);
  stats.changes_dropped_up_to = Get(changes_dropped_up_to);
  if (const int64_t micros = oldest_change_micros.load(std::memory_order_relaxed);
      micros != kNoChange) {
    stats.oldest_change = absl::FromUnixMicros(micros);
  }
}

}  // namespace dnc
