// Fills a new tenants' store with records that are known beforehand: as sorted files that the store
// takes over, many times faster than writes. For moving from another system, and for measuring at
// full size.
//
//   DNC_ASSIGN_OR_RETURN(auto bulk, BulkLoad::Begin(&store, data_dir));
//   DNC_ASSIGN_OR_RETURN(auto run, bulk->NewRun());
//   DNC_RETURN_IF_ERROR(run->Add(key, record));           // ascending
//   DNC_RETURN_IF_ERROR(run->Finish());
//   DNC_RETURN_IF_ERROR(bulk->Finish(revision));
//
// What it leaves is what writes would have left, except for the changes: WatchChanges begins after
// its revision. A crash before Finish leaves records that no entry knows; the next start refuses
// them, and the folder is made anew.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/records/ledger.h"
#include "server/records/tenant_record.h"
#include "server/storage/store.h"

namespace dnc {

// Thread-safe; a run belongs to one thread.
class BulkLoad {
 public:
  // `store` must be one that TenantRecords has opened once and that holds no records; nobody else
  // may have it open. FAILED_PRECONDITION if it holds some.
  static absl::StatusOr<std::unique_ptr<BulkLoad>> Begin(Store* store, std::string data_dir);

  // The records of one span of keys; the spans of different runs do not overlap.
  class Run {
   public:
    // In ascending order of keys, each once.
    absl::Status Add(const RecordKey& key, const TenantRecord& record);
    // Hands the records to the store.
    absl::Status Finish();
    uint64_t records() const { return records_; }

   private:
    friend class BulkLoad;
    Run(BulkLoad* bulk, std::unique_ptr<StoreIngest> file) : bulk_(bulk), file_(std::move(file)) {}
    BulkLoad* const bulk_;
    std::unique_ptr<StoreIngest> file_;
    std::map<Ledger::Id, LedgerEntry> ledger_;
    uint64_t records_ = 0;
  };
  absl::StatusOr<std::unique_ptr<Run>> NewRun();

  // Makes what the runs brought the store's content at `revision`, durably.
  absl::Status Finish(uint64_t revision);

 private:
  BulkLoad(Store* store, std::string data_dir) : store_(store), data_dir_(std::move(data_dir)) {}

  Store* const store_;
  const std::string data_dir_;
  absl::Mutex mutex_;
  Ledger ledger_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dnc
