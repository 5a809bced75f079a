// TenantRecords over a store; see tenant_records.h for the contract.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/index/growing_filter.h"
#include "server/records/change_log.h"
#include "server/records/full_read.h"
#include "server/records/journal_position.h"
#include "server/records/ledger.h"
#include "server/records/tenant_records.h"

namespace dnc {

// 0 in a new store. DATA_LOSS OWN_LISTS_DAMAGED.
absl::StatusOr<uint64_t> StoredRevision(const StoreSnapshot& store);

class CommitBatch;

class TenantRecordsImpl final : public TenantRecords, private ListJournal {
 public:
  TenantRecordsImpl(TenantRecordsOptions options, Store* store, RevisionOrder* order,
                    const Clock* clock);
  ~TenantRecordsImpl() override;

  // Compares the store with the journal, reads the ledger, gets the filter, starts the threads.
  absl::Status Start();

  void FindFacts(const TenantView& tenant, std::string_view scope, absl::Time now,
                 absl::Span<const Number> numbers, absl::Span<uint8_t> facts,
                 std::vector<FactChange>* turns) const override;
  absl::StatusOr<std::vector<Found>> Find(TenantNumber tenant, Number number) const override;
  void Submit(RecordWrite write, std::function<void(absl::StatusOr<WriteReply>)> done) override;
  absl::StatusOr<uint64_t> Scan(
      TenantNumber tenant, ListNumber list, Number from,
      absl::FunctionRef<bool(ListNumber list, const TenantRecord& record)> fn) const override;
  absl::Status Changes(TenantNumber tenant, uint64_t after_revision,
                       absl::FunctionRef<bool(const RecordChange& change)> fn) const override;
  ListJournal* journal() override { return this; }
  absl::Status NoteListsOnce(absl::Span<const TenantViewPtr> tenants) override;
  absl::Status Drop(TenantNumber tenant) override;
  uint64_t Records(TenantNumber tenant) const override;
  uint64_t Records(TenantNumber tenant, ListNumber list) const override;
  TenantRecordsStats stats() const override;  // record_stats.cc

 private:
  using Done = std::function<void(absl::StatusOr<WriteReply>)>;
  struct Waiting {
    RecordWrite write;
    Done done;
  };

  // list_changes.cc
  std::unique_lock<std::mutex> LockChanges() override;
  void PutListChanges(TenantNumber tenant, uint64_t revision, absl::Span<const ListChange> changes,
                      StoreBatch& batch) override;
  void ListChangesWritten() override;
  // The tenants that have changes, ascending.
  absl::StatusOr<std::vector<TenantNumber>> TenantsWithChanges() const;
  absl::Status NoteLists(absl::Span<const TenantViewPtr> tenants);

  // tenant_records.cc
  absl::Status ReadPositions();
  absl::Status MakeStore();
  std::string FilterPath() const { return options_.data_dir + "/tenants.filter"; }
  bool AdoptImage();
  void TellUnproven() const;
  // The filter's image, and the store's seal if nothing is missing from it.
  void LeaveProofs();

  // record_lookup.cc
  bool IsDamaged(TenantNumber tenant) const;

  // maintenance.cc: reads every record, compares the ledger, and makes the filter from them.
  absl::Status Rebuild(int threads);
  // Remembers the tenants whose records are damaged, and fails with them.
  absl::Status Verify(const FullReadOptions& options);
  void Maintain();
  absl::Status MaintainOnce();
  absl::Status Prune();

  // committer.cc
  void CommitAll();
  std::vector<Waiting> TakeWaiting();
  void Commit(std::vector<Waiting> writes);
  absl::Status WriteToStore(CommitBatch& commit, uint64_t revision);
  absl::Status RecoverFailedWrite();
  void MaintainSoon();
  void CountCommit(const CommitBatch& commit);
  // Where stats() sees it, after each change of `changes_`.
  void ShowChanges();

  const TenantRecordsOptions options_;
  Store* const store_;
  RevisionOrder* const order_;
  const Clock* const clock_;
  GrowingFilter filter_;
  StoreId id_{};
  std::unique_ptr<JournalPosition> journal_;

  // Held by who changes the store: the committer, Drop, pruning.
  std::mutex commit_mutex_;
  uint64_t revision_ = 0;  // of the store; guarded by commit_mutex_
  bool write_uncertain_ =
      false;           // the last write may have reached the store; guarded by commit_mutex_
  ChangeLog changes_;  // guarded by commit_mutex_
  ChangeLog noted_;    // with changes of lists that are being written; guarded by commit_mutex_

  mutable std::mutex ledger_mutex_;
  Ledger ledger_;  // guarded by ledger_mutex_

  mutable std::mutex damaged_mutex_;
  std::set<TenantNumber> damaged_;  // guarded by damaged_mutex_
  std::atomic<bool> any_damaged_{false};

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable maintain_;
  std::deque<Waiting> waiting_;      // guarded by mutex_
  bool stopping_ = false;            // guarded by mutex_
  bool maintain_soon_ = false;       // guarded by mutex_
  std::atomic<bool> ending_{false};  // as stopping_, for who reads all records
  std::atomic<bool> too_many_requests_{false};
  std::atomic<bool> verified_{true};  // all records were read and compared with the ledger
  // That no record is missing is known: all were read, or the store's files are sealed.
  std::atomic<bool> proven_{true};
  std::thread committer_;
  std::thread maintainer_;

  mutable RecordCounters counters_;
};

}  // namespace dnc
