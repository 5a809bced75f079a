// The writing half of TenantRecords: one thread that writes what waits as one synced batch, and
// answers after it. record_committer.cc tells in which order, and what a crash leaves.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "server/records/change_log.h"
#include "server/records/journal_position.h"
#include "server/records/ledger.h"
#include "server/records/records_parts.h"
#include "server/records/tenant_records.h"
#include "server/tenants/list_journal.h"

namespace dnc {

class CommitBatch;

// Open, Start and Stop belong to the owner; the rest is thread-safe.
class RecordCommitter final : public ListJournal {
 public:
  using Done = std::function<void(absl::StatusOr<WriteReply>)>;

  // `parts` must outlive it.
  explicit RecordCommitter(RecordsParts* parts) : parts_(*parts) {}
  ~RecordCommitter() override { Stop(); }

  // Compares the store with the journal position, and reads the ledger and what is kept of changes.
  // DATA_LOSS OWN_LISTS_DAMAGED if acknowledged writes are missing.
  absl::Status Open() ABSL_LOCKS_EXCLUDED(commit_mutex_, ledger_mutex_);
  // From now on writes are taken. `filter_worn` is called after each commit that leaves the filter
  // too small or too worn, on the committer's thread.
  void Start(std::function<void()> filter_worn);
  // Refuses what comes from now on. Without waiting.
  void BeginStop() ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns when what waits is written.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);
  bool started() const { return thread_.joinable(); }

  // As TenantRecords.
  void Submit(RecordWrite write, Done done) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status NoteListsOnce(absl::Span<const TenantViewPtr> tenants)
      ABSL_LOCKS_EXCLUDED(commit_mutex_);
  absl::Status Drop(TenantNumber tenant) ABSL_LOCKS_EXCLUDED(commit_mutex_, ledger_mutex_);

  // As ListJournal.
  absl::Status Note(TenantNumber tenant, absl::Time time,
                    absl::FunctionRef<absl::Status(Put put)> write) override
      ABSL_LOCKS_EXCLUDED(commit_mutex_);

  // Drops the changes that are too old or too many to be kept for WatchChanges.
  absl::Status PruneChanges() ABSL_LOCKS_EXCLUDED(commit_mutex_);
  // Whether writes that are submitted from now on may bring new request ids.
  void SetRequestIdsFull(bool full) { request_ids_full_ = full; }

  // Where the store is; nullopt while it is not known whether the last write took place.
  std::optional<Position> position() const ABSL_LOCKS_EXCLUDED(commit_mutex_);
  // By the ledger: of all tenants, of one, of one of its lists.
  uint64_t Records() const ABSL_LOCKS_EXCLUDED(ledger_mutex_);
  uint64_t Records(TenantNumber tenant) const ABSL_LOCKS_EXCLUDED(ledger_mutex_);
  uint64_t Records(TenantNumber tenant, ListNumber list) const ABSL_LOCKS_EXCLUDED(ledger_mutex_);
  uint64_t waiting_writes() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Waiting {
    RecordWrite write;
    Done done;
  };

  // At the start.
  absl::Status ReadPositions() ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_)
      ABSL_LOCKS_EXCLUDED(ledger_mutex_);
  absl::Status MakeStore() ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_);

  // The thread's.
  void Run() ABSL_LOCKS_EXCLUDED(mutex_, commit_mutex_);
  std::vector<Waiting> TakeWaiting() ABSL_LOCKS_EXCLUDED(mutex_);
  void Commit(std::vector<Waiting> writes) ABSL_LOCKS_EXCLUDED(commit_mutex_, ledger_mutex_);
  absl::Status WriteToStore(CommitBatch& commit, uint64_t revision, absl::Time time)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_);
  // Answers each write with its reply, or all of them with `status` if that is an error.
  void Answer(std::vector<Waiting>& writes, const absl::Status& status, bool changed,
              std::vector<absl::StatusOr<WriteReply>> replies);
  void CountCommit(const CommitBatch& commit);

  // After a write of which nobody knows whether it took place: what the store holds now counts.
  absl::Status RecoverFailedWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_)
      ABSL_LOCKS_EXCLUDED(ledger_mutex_);
  absl::Status NoteLists(absl::Span<const TenantViewPtr> tenants)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_);
  // The tenants that have changes, ascending.
  absl::StatusOr<std::vector<TenantNumber>> TenantsWithChanges() const;
  // Copies what stats() tells of `changes_`; after each change of it.
  void ShowChanges() ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_);

  RecordsParts& parts_;
  std::function<void()> filter_worn_;

  // Held by who changes the store: the thread, Drop, pruning, changes of lists. Taken before a
  // change of the order of revisions begins, and before ledger_mutex_.
  mutable absl::Mutex commit_mutex_;
  StoreId id_ ABSL_GUARDED_BY(commit_mutex_){};
  std::unique_ptr<JournalPosition> journal_ ABSL_GUARDED_BY(commit_mutex_);
  uint64_t revision_ ABSL_GUARDED_BY(commit_mutex_) = 0;  // of the store
  // The last write may have reached the store, or its position may not have reached the journal.
  bool write_uncertain_ ABSL_GUARDED_BY(commit_mutex_) = false;
  ChangeLog changes_ ABSL_GUARDED_BY(commit_mutex_);

  mutable absl::Mutex ledger_mutex_ ABSL_ACQUIRED_AFTER(commit_mutex_);
  Ledger ledger_ ABSL_GUARDED_BY(ledger_mutex_);

  mutable absl::Mutex mutex_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<bool> request_ids_full_{false};
  std::thread thread_;
};

}  // namespace dnc
