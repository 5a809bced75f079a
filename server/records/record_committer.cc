// How a write becomes an answer. One thread takes all writes that wait, and for all of them
// together it does this, in this order:
//
//   writes ─► read what is there ─► decide ─► store ─► filter ─► journal ─► revision ─► answers
//                                             (sync)   (memory)  (sync)     (memory)
//
//   store     Records, changes, answered request ids, ledger and revision go into one batch, which
//             is synced as a whole: a crash leaves all of it or nothing.
//   filter    After the store, because a rebuild of the filter reads a snapshot of the store: what
//             it does not see there is inserted into both filters afterwards (growing_filter.h).
//             And before the revision and the answers, because a lookup asks the filter first: an
//             opt-out that is acknowledged and not in the filter would be answered "nothing known".
//             It is done also when the write failed, for nobody knows whether it took place.
//   journal   The position of what is acknowledged, in a file of its own. After the store: a
//             position ahead of the store says that acknowledged writes are missing, and the next
//             start refuses. Before the answers: a store that comes back without the newest writes
//             is noticed only if their position was kept.
//   revision  The order moves on, so that whoever asks for an answer at this revision gets one that
//             rests on the write. Not before the filter, or such an answer could miss it.
//   answers   Last. What was answered is durable, is noticed if it is ever missing, and is seen by
//             every lookup that begins from now on.
//
// What a crash between two of them leaves, none of it acknowledged:
//
//   before the store     Nothing of the writes.
//   store │ filter       The writes are there. The filter is in memory alone: the next start reads
//                        all records to make it, for its image is removed when it was adopted.
//   filter │ journal     The writes are there, and the journal is behind: the next start moves it.
//   journal │ answers    The writes are there, and the callers do not know. Whoever repeats a write
//                        is told that the record is there already or, by its request id, the same
//                        answer.
//
// An error leaves the same as a crash, but the process lives on: `write_uncertain_` is set, all of
// the batch are answered with the error, and before records are written, dropped or pruned again
// RecoverFailedWrite reads revision, ledger and changes from the store and moves the journal to
// what it found.
#include "server/records/record_committer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/base/error.h"
#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/records/commit_batch.h"
#include "server/records/record_change.h"
#include "server/records/record_keys.h"
#include "server/storage/checked_value.h"
#include "server/storage/store_head.h"

namespace dnc {
namespace {

// Records of a commit: enough for imports, few enough that a single opt-out does not wait long.
constexpr size_t kMaxCommitRecords = 50'000;
// In Column::kMeta: the revision from which on lists and blocks are noted.
constexpr std::string_view kListsNotedKey = "own/lists-noted";

std::string StoreIdText(const StoreId& id) {
  std::string text;
  PutNumber(text, id[0], 8);
  PutNumber(text, id[1], 8);
  return text;
}

// When the newest write of a commit was asked for.
absl::Time NewestTime(absl::Span<const RecordWrite* const> writes) {
  absl::Time newest = absl::InfinitePast();
  for (const RecordWrite* write : writes) newest = std::max(newest, write->time);
  return newest;
}

// What is to be told of lists that are there, as if they were made now.
std::vector<ListChange> ChangesOf(const TenantView& tenant) {
  std::vector<ListChange> changes;
  for (const auto& [id, list] : tenant.lists) {
    if (id != kDefaultListId) changes.push_back({list.number, false, {}});
    if (!list.blocks.empty()) changes.push_back({list.number, false, list.blocks});
  }
  return changes;
}

// Puts changes of a tenant's lists into the batch, and into `log` that they are there.
void PutListChanges(TenantNumber tenant, uint64_t revision, absl::Span<const ListChange> changes,
                    absl::Time time, ChangeLog& log, StoreBatch& batch) {
  uint64_t place = 0;
  for (const ListChange& change : changes) {
    const std::string key = ChangeKey(tenant, revision, place);
    batch.Put(Column::kRecordChanges, key, EncodeListChange(key, change));
    place += std::max<uint64_t>(1, change.blocks.size());
  }
  log.Note(revision, place, time, batch);
}

}  // namespace

absl::Status RecordCommitter::Open() {
  const absl::MutexLock committing(&commit_mutex_);
  DNC_RETURN_IF_ERROR(ReadPositions());
  parts_.order->StartFrom(revision_);
  return absl::OkStatus();
}

absl::Status RecordCommitter::MakeStore() {
  id_ = NewStoreId();
  StoreBatch batch;
  batch.Put(Column::kMeta, kRecordsStoreKey, AddCheck(kRecordsStoreKey, StoreIdText(id_)));
  // Who watched a store that is lost must not go on as if nothing had been there.
  DNC_ASSIGN_OR_RETURN(const std::optional<StoreHead> head, ReadStoreHead(*parts_.store));
  if (head.has_value() && head->lost.up_to > 0) changes_.Drop(head->lost.up_to, batch);
  return parts_.store->Write(batch);
}

absl::Status RecordCommitter::ReadPositions() {
  DNC_ASSIGN_OR_RETURN(journal_, JournalPosition::Open(parts_.options.data_dir + kJournalName));
  const std::unique_ptr<StoreSnapshot> store = parts_.store->Snapshot();
  DNC_ASSIGN_OR_RETURN(const auto stored, store->Get(Column::kMeta, kRecordsStoreKey));
  const std::optional<Position>& acknowledged = journal_->last();
  if (!stored.has_value()) {
    if (acknowledged.has_value()) {
      return RecordsDamaged(
          "the tenants' store is empty, but it was there: tenants.journal knows of it");
    }
    DNC_RETURN_IF_ERROR(MakeStore());
    return journal_->Move({id_, 0});
  }
  const auto id = RemoveCheck(kRecordsStoreKey, *stored);
  if (!id.has_value() || id->size() != 16) {
    return RecordsDamaged("the id of the tenants' store is damaged");
  }
  id_ = {GetNumber(id->substr(0, 8)), GetNumber(id->substr(8))};
  DNC_ASSIGN_OR_RETURN(revision_, StoredRevision(*store));
  if (!acknowledged.has_value() && revision_ > 0) {
    return RecordsDamaged(
        "tenants.journal is gone, so nobody can tell whether tenants' records are missing");
  }
  if (acknowledged.has_value() && acknowledged->store != id_) {
    return RecordsDamaged("tenants.journal belongs to another store than the folder `tenants`");
  }
  if (acknowledged.has_value() && acknowledged->revision > revision_) {
    return RecordsDamaged(StrCat("the tenants' store is at revision ", revision_, ", but revision ",
                                 acknowledged->revision, " was acknowledged: records are missing"));
  }
  DNC_ASSIGN_OR_RETURN(Ledger ledger, Ledger::Read(*store));
  {
    const absl::MutexLock lock(&ledger_mutex_);
    ledger_ = std::move(ledger);
  }
  DNC_RETURN_IF_ERROR(changes_.Read(*store));
  ShowChanges();
  // Where a crash came between a write and its acknowledgement, the write holds.
  return journal_->Move({id_, revision_});
}

void RecordCommitter::Start(std::function<void()> filter_worn) {
  filter_worn_ = std::move(filter_worn);
  thread_ = std::thread([this] { Run(); });
}

void RecordCommitter::BeginStop() {
  const absl::MutexLock lock(&mutex_);
  stopping_ = true;
}

void RecordCommitter::Stop() {
  BeginStop();
  if (thread_.joinable()) thread_.join();
}

void RecordCommitter::Submit(RecordWrite write, Done done) {
  if (write.time == absl::InfinitePast()) write.time = parts_.clock->Now();
  write.request_ids_full = write.request_ids_full || request_ids_full_;
  absl::Status refusal;
  {
    const absl::MutexLock lock(&mutex_);
    if (stopping_) {
      refusal =
          Error(reason::kStopping, "the server is stopping; repeat the write when it is back");
    } else if (waiting_.size() >= parts_.options.max_waiting_writes) {
      parts_.counters.CountFailure(WriteFailure::kTooManyWaiting);
      refusal = Error(reason::kLimitReached,
                      "too many writes wait for the disk; repeat this one in a moment");
    } else {
      waiting_.push_back({std::move(write), std::move(done)});
    }
  }
  if (!refusal.ok()) {
    done(refusal);  // NOLINT(bugprone-use-after-move): moved only if nothing is refused
  }
}

std::vector<RecordCommitter::Waiting> RecordCommitter::TakeWaiting() {
  std::vector<Waiting> taken;
  size_t records = 0;
  const absl::MutexLock lock(&mutex_);
  const auto called = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !waiting_.empty() || stopping_;
  };
  mutex_.Await(absl::Condition(&called));
  while (!waiting_.empty() && records < kMaxCommitRecords) {
    records += waiting_.front().write.items.size();
    taken.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return taken;
}

void RecordCommitter::Run() {
  while (true) {
    std::vector<Waiting> writes = TakeWaiting();
    if (writes.empty()) return;  // it stops, and nothing waits
    Commit(std::move(writes));
  }
}

void RecordCommitter::Commit(std::vector<Waiting> writes) {
  const absl::MutexLock committing(&commit_mutex_);
  auto change = parts_.order->Begin();
  std::vector<const RecordWrite*> asked;
  asked.reserve(writes.size());
  for (const Waiting& waiting : writes) asked.push_back(&waiting.write);
  absl::Status status = RecoverFailedWrite();
  CommitBatch commit(
      change.revision(),
      {parts_.options.max_records, parts_.options.request_id_age, parts_.clock->accepted()},
      &ledger_);
  if (status.ok()) status = commit.ReadPresent(*parts_.store, parts_.filter, asked);
  std::vector<absl::StatusOr<WriteReply>> replies;
  {
    const absl::MutexLock lock(&ledger_mutex_);
    for (const Waiting& waiting : writes) {
      replies.push_back(status.ok() ? commit.Apply(waiting.write) : status);
    }
    commit.Finish();
  }
  const bool changed = status.ok() && commit.changes();
  if (changed) {
    status = WriteToStore(commit, change.revision(), NewestTime(asked));
    // Also after a failure that leaves open whether the write took place: the revision is used up.
    if (status.ok() || write_uncertain_) change.Commit();
  }
  parts_.counters.writes.fetch_add(writes.size(), std::memory_order_relaxed);
  if (status.ok()) CountCommit(commit);
  Answer(writes, status, changed, std::move(replies));
}

void RecordCommitter::Answer(std::vector<Waiting>& writes, const absl::Status& status, bool changed,
                             std::vector<absl::StatusOr<WriteReply>> replies) {
  for (size_t i = 0; i < writes.size(); ++i) {
    if (const absl::Status& failed = status.ok() ? replies[i].status() : status; !failed.ok()) {
      parts_.counters.CountFailure(failed);
    }
    if (!status.ok()) {
      writes[i].done(status);
      continue;
    }
    // What changed nothing rests on what was there before.
    if (replies[i].ok() && !changed) {
      replies[i]->revision = std::min(replies[i]->revision, parts_.order->last());
    }
    writes[i].done(std::move(replies[i]));
  }
}

absl::Status RecordCommitter::WriteToStore(CommitBatch& commit, uint64_t revision,
                                           absl::Time time) {
  ChangeLog changes = changes_;
  changes.Note(revision, commit.change_count(), time, commit.batch());
  PutRevision(revision, commit.batch());
  const auto began = std::chrono::steady_clock::now();
  const absl::Status written = parts_.store->Write(commit.batch());
  // Before the acknowledgement; and if nobody knows whether the write took place, it may have.
  parts_.filter.InsertBatch(commit.inserted());
  if (!written.ok()) {
    write_uncertain_ = true;
    LogWarn("tenants' writes failed: {}", std::string(written.message()));
    return written;
  }
  changes_ = std::move(changes);
  ShowChanges();
  revision_ = revision;
  parts_.filter.NoteDeleted(commit.emptied());
  if (parts_.filter.rebuild_due() != RebuildReason::kNone) filter_worn_();
  // Before the journal's sync, which takes it along.
  parts_.store->NoteRevision(revision);
  const absl::Status moved = journal_->Move({id_, revision});
  const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - began;
  parts_.counters.commits.fetch_add(1, std::memory_order_relaxed);
  parts_.counters.commit_nanoseconds.fetch_add(static_cast<uint64_t>(took.count()),
                                               std::memory_order_relaxed);
  write_uncertain_ = !moved.ok();
  return moved;
}

void RecordCommitter::CountCommit(const CommitBatch& commit) {
  const CommitBatch::Counts& counts = commit.counts();
  RecordCounters& counters = parts_.counters;
  for (size_t i = 0; i < kWriteOutcomeCount; ++i) {
    counters.records_by_outcome[i].fetch_add(counts.by_outcome[i], std::memory_order_relaxed);
  }
  counters.quota_refusals.fetch_add(counts.quota_refusals, std::memory_order_relaxed);
  counters.reads.fetch_add(counts.reads, std::memory_order_relaxed);
  parts_.filter.NoteFalsePositives(counts.false_positives);
}

absl::Status RecordCommitter::RecoverFailedWrite() {
  if (!write_uncertain_) return absl::OkStatus();
  const std::unique_ptr<StoreSnapshot> store = parts_.store->Snapshot();
  DNC_ASSIGN_OR_RETURN(revision_, StoredRevision(*store));
  DNC_ASSIGN_OR_RETURN(Ledger ledger, Ledger::Read(*store));
  ChangeLog changes;
  DNC_RETURN_IF_ERROR(changes.Read(*store));
  changes_ = std::move(changes);
  ShowChanges();
  {
    const absl::MutexLock lock(&ledger_mutex_);
    ledger_ = std::move(ledger);
  }
  // What is there may be told as there already, so it must not be lost unnoticed either.
  parts_.store->NoteRevision(revision_);
  DNC_RETURN_IF_ERROR(journal_->Move({id_, revision_}));
  write_uncertain_ = false;
  return absl::OkStatus();
}

absl::Status RecordCommitter::Note(TenantNumber tenant, absl::Time time,
                                   absl::FunctionRef<absl::Status(Put put)> write) {
  const absl::MutexLock committing(&commit_mutex_);
  ChangeLog noted = changes_;
  const auto put = [&](const ListChange& change, uint64_t revision, StoreBatch& batch) {
    PutListChanges(tenant, revision, {&change, 1}, time, noted, batch);
  };
  DNC_RETURN_IF_ERROR(write(put));
  changes_ = std::move(noted);
  ShowChanges();
  return absl::OkStatus();
}

absl::Status RecordCommitter::NoteListsOnce(absl::Span<const TenantViewPtr> tenants) {
  const absl::MutexLock committing(&commit_mutex_);
  DNC_ASSIGN_OR_RETURN(const auto noted,
                       parts_.store->Snapshot()->Get(Column::kMeta, kListsNotedKey));
  return noted.has_value() ? absl::OkStatus() : NoteLists(tenants);
}

absl::Status RecordCommitter::NoteLists(absl::Span<const TenantViewPtr> tenants) {
  DNC_RETURN_IF_ERROR(RecoverFailedWrite());
  auto change = parts_.order->Begin();
  const absl::Time now = parts_.clock->Now();
  ChangeLog noted = changes_;
  StoreBatch batch;
  bool any = false;
  for (const TenantViewPtr& tenant : tenants) {
    const std::vector<ListChange> changes = ChangesOf(*tenant);
    if (changes.empty()) continue;
    any = true;
    PutListChanges(tenant->tenant.number, change.revision(), changes, now, noted, batch);
  }
  std::string content;
  PutNumber(content, any ? change.revision() : revision_, 8);
  batch.Put(Column::kMeta, kListsNotedKey, AddCheck(kListsNotedKey, content));
  if (any) PutRevision(change.revision(), batch);
  write_uncertain_ = true;  // read anew, should the write fail
  DNC_RETURN_IF_ERROR(parts_.store->Write(batch));
  changes_ = std::move(noted);
  if (any) {
    revision_ = change.revision();
    change.Commit();
    DNC_RETURN_IF_ERROR(journal_->Move({id_, revision_}));
  }
  ShowChanges();
  write_uncertain_ = false;
  return absl::OkStatus();
}

absl::Status RecordCommitter::Drop(TenantNumber tenant) {
  const absl::MutexLock committing(&commit_mutex_);
  DNC_RETURN_IF_ERROR(RecoverFailedWrite());
  const uint64_t records = Records(tenant);
  const std::string begin = TenantPrefix(tenant);
  const std::string end = EndOfTenant(tenant);
  StoreBatch batch;
  for (const Column column : {Column::kRecords, Column::kRecordChanges, Column::kRequests}) {
    batch.DeleteRange(column, begin, end);
  }
  {
    const absl::MutexLock lock(&ledger_mutex_);
    ledger_.Drop(tenant, batch);
  }
  write_uncertain_ = true;  // read anew, should the write fail
  DNC_RETURN_IF_ERROR(parts_.store->Write(batch));
  write_uncertain_ = false;
  parts_.filter.NoteDeleted(records);
  parts_.health.Forget(tenant);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TenantNumber>> RecordCommitter::TenantsWithChanges() const {
  std::vector<TenantNumber> tenants;
  std::string from;
  while (true) {
    DNC_ASSIGN_OR_RETURN(const auto key, parts_.store->FirstKey(Column::kRecordChanges, from,
                                                                std::string(64, '\xFF')));
    if (!key.has_value()) return tenants;
    if (key->size() < 4) return RecordsDamaged("the key of a change is damaged");
    tenants.push_back(static_cast<TenantNumber>(GetNumber(std::string_view(*key).substr(0, 4))));
    from = EndOfTenant(tenants.back());
  }
}

// Request ids go by themselves (StoreOptions::request_is_old).
absl::Status RecordCommitter::PruneChanges() {
  const absl::MutexLock committing(&commit_mutex_);
  DNC_RETURN_IF_ERROR(RecoverFailedWrite());
  const uint64_t up_to = changes_.DroppableUpTo(parts_.clock->Now(), parts_.options.change_age,
                                                parts_.options.max_changes);
  if (up_to <= changes_.dropped_up_to()) return absl::OkStatus();
  // First the promise is taken back, then what it spoke of goes.
  ChangeLog changes = changes_;
  StoreBatch batch;
  changes.Drop(up_to, batch);
  DNC_RETURN_IF_ERROR(parts_.store->Write(batch));
  changes_ = std::move(changes);
  ShowChanges();
  StoreBatch ranges;
  DNC_ASSIGN_OR_RETURN(const std::vector<TenantNumber> tenants, TenantsWithChanges());
  for (const TenantNumber tenant : tenants) {
    ranges.DeleteRange(Column::kRecordChanges, TenantPrefix(tenant),
                       ChangeKey(tenant, up_to + 1, 0));
  }
  return parts_.store->Write(ranges);
}

void RecordCommitter::ShowChanges() {
  RecordCounters& counters = parts_.counters;
  counters.changes_dropped_up_to.store(changes_.dropped_up_to(), std::memory_order_relaxed);
  const absl::Time oldest = changes_.oldest();
  counters.oldest_change_micros.store(
      oldest == absl::InfiniteFuture() ? RecordCounters::kNoChange : absl::ToUnixMicros(oldest),
      std::memory_order_relaxed);
}

std::optional<Position> RecordCommitter::position() const {
  const absl::MutexLock committing(&commit_mutex_);
  if (write_uncertain_) return std::nullopt;
  return Position{id_, revision_};
}

uint64_t RecordCommitter::Records() const {
  const absl::MutexLock lock(&ledger_mutex_);
  return ledger_.records();
}

uint64_t RecordCommitter::Records(TenantNumber tenant) const {
  const absl::MutexLock lock(&ledger_mutex_);
  return ledger_.records(tenant);
}

uint64_t RecordCommitter::Records(TenantNumber tenant, ListNumber list) const {
  const absl::MutexLock lock(&ledger_mutex_);
  return ledger_.records(Ledger::Id{tenant, list});
}

uint64_t RecordCommitter::waiting_writes() const {
  const absl::MutexLock lock(&mutex_);
  return waiting_.size();
}

}  // namespace dnc
