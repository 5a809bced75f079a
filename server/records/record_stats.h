// What is known of the tenants' records as a whole, for metrics: sums over all tenants, without the
// number of a person or the name of a tenant.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace dnc {

// How many values WriteOutcome has, with 0, which stands for none.
inline constexpr size_t kWriteOutcomeCount = 7;

// Why a write as a whole was not done, where the cause lies in the server.
enum class WriteFailure : uint8_t {
  kDiskFull,
  kStorage,
  kDamaged,
  kTooManyWaiting,
  kTooManyRequestIds,
  kOther,
};
inline constexpr size_t kWriteFailureCount = 6;

// Counts are since the start of the process.
struct TenantRecordsStats {
  uint64_t records = 0;
  uint64_t revision = 0;         // the last committed one
  bool verified = false;         // all records were read and compared with the ledger
  bool proven = false;           // none is missing: all were read, or the files are sealed
  uint64_t damaged_tenants = 0;  // with damaged or missing records; answered kRecordUnknown
  uint64_t unknown_numbers = 0;  // answered kRecordUnknown, whatever the cause

  uint64_t filter_bytes = 0;
  double filter_bits_a_record = 0;
  double filter_fill = 0;            // share of the bits set
  double filter_expected_error = 0;  // from the bits set
  uint64_t filter_asked = 0;         // numbers, of scrubs and of writes
  uint64_t filter_passed = 0;        // of those, let through
  uint64_t filter_false = 0;         // of those, without a record
  bool filter_rebuilding = false;
  bool filter_rebuild_due = false;
  uint64_t filter_rebuilds = 0;  // finished

  uint64_t store_reads = 0;  // numbers looked up in the store
  uint64_t commits = 0;
  absl::Duration commit_time;  // of all commits, until they are durable
  uint64_t writes = 0;         // calls, done or failed
  std::array<uint64_t, kWriteOutcomeCount> records_by_outcome{};
  std::array<uint64_t, kWriteFailureCount> failed_writes{};  // calls by WriteFailure
  uint64_t quota_refusals = 0;  // records refused for their tenant's quota of records
  uint64_t waiting_writes = 0;  // calls
  uint64_t max_waiting_writes = 0;

  uint64_t request_ids = 0;  // kept, about

  uint64_t changes_dropped_up_to = 0;  // the revision up to which changes are no longer kept
  // About when the oldest change that is kept was made, an hour too late at most; InfiniteFuture:
  // there is none.
  absl::Time oldest_change = absl::InfiniteFuture();
};

// The counts behind TenantRecordsStats that no other part keeps. Thread-safe.
struct RecordCounters {
  static constexpr int64_t kNoChange = INT64_MAX;
  using Count = std::atomic<uint64_t>;

  // Counts a write that failed, unless the cause is its caller's.
  void CountFailure(const absl::Status& status);
  void CountFailure(WriteFailure failure);
  // What these counts say, the rest untouched.
  void Fill(TenantRecordsStats& stats) const;

  Count reads = 0;
  Count unknown_numbers = 0;
  Count commits = 0;
  Count commit_nanoseconds = 0;
  Count writes = 0;
  std::array<Count, kWriteOutcomeCount> records_by_outcome{};
  std::array<Count, kWriteFailureCount> failed_writes{};
  Count quota_refusals = 0;
  // Copies of what the committer's lock guards: a disk that hangs must not stop whoever asks.
  std::atomic<uint64_t> changes_dropped_up_to = 0;
  std::atomic<int64_t> oldest_change_micros = kNoChange;
};

}  // namespace dnc
