#include "server/records/record_stats.h"

#include <algorithm>

#include "server/base/error.h"
#include "server/records/tenant_records_impl.h"

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

TenantRecordsStats TenantRecordsImpl::stats() const {
  const GrowingFilterStats filter = filter_.Stats();
  TenantRecordsStats stats;
  stats.revision = order_->last();
  stats.verified = verified_;
  stats.proven = proven_;
  stats.filter_bytes = filter.memory_bytes;
  stats.filter_bits_a_record = filter.bits_a_key;
  stats.filter_fill = filter.fill;
  stats.filter_expected_error = filter.estimated_error_rate;
  stats.filter_asked = filter.probes;
  stats.filter_passed = filter.possible;
  stats.filter_false = filter.false_positives;
  stats.filter_rebuilding = filter.rebuilding;
  stats.filter_rebuild_due = filter_.rebuild_due() != RebuildReason::kNone;
  stats.filter_rebuilds = filter.rebuilds;
  stats.unknown_numbers = Get(counters_.unknown_numbers);
  stats.store_reads = Get(counters_.reads);
  stats.commits = Get(counters_.commits);
  stats.commit_time = absl::Nanoseconds(static_cast<int64_t>(Get(counters_.commit_nanoseconds)));
  stats.writes = Get(counters_.writes);
  stats.records_by_outcome = GetAll(counters_.records_by_outcome);
  stats.failed_writes = GetAll(counters_.failed_writes);
  stats.quota_refusals = Get(counters_.quota_refusals);
  stats.max_waiting_writes = options_.max_waiting_writes;
  stats.request_ids = store_->EstimateCount(Column::kRequests);
  stats.changes_dropped_up_to = Get(counters_.changes_dropped_up_to);
  if (const int64_t micros = counters_.oldest_change_micros.load(std::memory_order_relaxed);
      micros != RecordCounters::kNoChange) {
    stats.oldest_change = absl::FromUnixMicros(micros);
  }
  {
    const std::lock_guard lock(ledger_mutex_);
    stats.records = ledger_.records();
  }
  {
    const std::lock_guard lock(damaged_mutex_);
    stats.damaged_tenants = damaged_.size();
  }
  const std::lock_guard lock(mutex_);
  stats.waiting_writes = waiting_.size();
  return stats;
}

}  // namespace dnc
