// One commit of tenants' writes: decides what becomes of each record, and gathers what is stored.
//
//   CommitBatch commit(revision, limits, &ledger);
//   commit.ReadPresent(store, filter, writes);      // what the store has of their numbers
//   for (write : writes) replies.push_back(commit.Apply(write));
//   store.Write(commit.batch());
//
// Later writes of a commit see what earlier ones did. What is decided follows from the writes, the
// store, the ledger and the limits alone: no clock is asked, for each write brings its time.
// Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/base/clock.h"
#include "server/index/growing_filter.h"
#include "server/records/idempotency_keys.h"
#include "server/records/ledger.h"
#include "server/records/record_change.h"
#include "server/records/tenant_records.h"
#include "server/storage/store.h"

namespace dnc {

class CommitBatch {
 public:
  struct Limits {
    uint64_t max_records = 0;  // of all tenants together
    absl::Duration request_id_age;
    AcceptedClock accepted;  // for what is told; what is stored does not depend on it
  };

  // Changes `ledger`; if the batch is not written in the end, it must be read anew.
  CommitBatch(uint64_t revision, const Limits& limits, Ledger* ledger)
      : revision_(revision), limits_(limits), ledger_(ledger) {}

  // Reads what the store has of all numbers of the writes, where the filter lets them through, and
  // of their request ids. An error means that nothing can be decided.
  absl::Status ReadPresent(const Store& store, const GrowingFilter& filter,
                           absl::Span<const RecordWrite* const> writes);

  // Decides a write and puts it into the batch. INVALID_ARGUMENT REQUEST_ID_REUSED,
  // RESOURCE_EXHAUSTED LIMIT_REACHED.
  absl::StatusOr<WriteReply> Apply(const RecordWrite& write);

  // Completes the batch: records and ledger. After the last Apply.
  void Finish();

  const StoreBatch& batch() const { return batch_; }
  StoreBatch& batch() { return batch_; }
  // Whether anything changes: a commit of repetitions needs no revision.
  bool changes() const { return change_count_ > 0; }
  uint64_t change_count() const { return change_count_; }
  // Keys for the filter, and how many numbers have lost their last record.
  absl::Span<const BloomKey> inserted() const { return inserted_; }
  uint64_t emptied() const { return emptied_; }

  // What happened, for the metrics; answers that are told again are not counted again.
  struct Counts {
    std::array<uint64_t, kWriteOutcomeCount> by_outcome{};
    uint64_t quota_refusals = 0;   // for the tenants' quotas of records
    uint64_t reads = 0;            // numbers read from the store
    uint64_t false_positives = 0;  // of those, without a record
  };
  const Counts& counts() const { return counts_; }

 private:
  // What is known of a record: its encoding; empty if there is none.
  using Present = absl::flat_hash_map<std::string, std::string>;

  // A write that came before with the same request id, and what it was answered then: tells what is
  // in force, and has requests of a do-not-call list in force again.
  WriteReply Repeat(const RecordWrite& write, const std::string& request_key, StoredReply before);
  WriteResult RepeatItem(const RecordWrite& write, const RecordWrite::Item& item,
                         const StoredReply& before, const WriteResult& told);
  WriteResult RepeatOptOut(const RecordWrite& write, RecordWrite::Item item,
                           const StoredReply& before, const WriteResult& told);
  WriteResult ApplyItem(const RecordWrite& write, const RecordWrite::Item& item);
  WriteResult AddRecord(const RecordWrite& write, const RecordWrite::Item& item,
                        const std::string& key, std::string& present);
  WriteResult RemoveRecord(const RecordWrite& write, const std::string& key, std::string& present);
  // Has the store hold `record` under `key`, in place of `present`.
  WriteResult PutRecord(const RecordWrite& write, const TenantRecord& record,
                        const std::string& key, std::string& present);
  std::string KeyOf(const RecordWrite& write, const RecordWrite::Item& item) const;
  void NoteChange(const RecordWrite& write, WriteOutcome outcome, std::string_view key,
                  std::string_view record);
  // Puts the changes that were noted since into the batch.
  void PutChanges();

  const uint64_t revision_;
  const Limits limits_;
  Ledger* const ledger_;
  Present present_;
  absl::flat_hash_map<std::string, std::string> requests_;  // stored answers, by their keys
  std::vector<std::string> changed_;                        // keys of records
  ChangePack pack_;                                         // of one write
  std::string pack_key_;
  StoreBatch batch_;
  std::vector<BloomKey> inserted_;
  uint64_t change_count_ = 0;
  uint64_t emptied_ = 0;
  Counts counts_;
};

}  // namespace dnc
