// The committer: one thread that writes what waits as one synced batch, and answers after.
#include <algorithm>
#include <chrono>
#include <utility>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/records/commit_batch.h"
#include "server/records/record_keys.h"
#include "server/records/tenant_records_impl.h"
#include "server/storage/checked_value.h"
#include "spdlog/spdlog.h"

namespace dnc {
namespace {
// Records of a commit: enough for imports, few enough that a single opt-out does not wait long.
constexpr size_t kMaxCommitRecords = 50'000;
}  // namespace

void TenantRecordsImpl::Submit(RecordWrite write, Done done) {
  absl::Status refusal;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      refusal =
          Error(reason::kStopping, "the server is stopping; repeat the write when it is back");
    } else if (waiting_.size() >= options_.max_waiting_writes) {
      counters_.CountFailure(WriteFailure::kTooManyWaiting);
      refusal = Error(reason::kLimitReached,
                      "too many writes wait for the disk; repeat this one in a moment");
    } else {
      waiting_.push_back({std::move(write), std::move(done)});
    }
  }
  if (!refusal.ok()) {
    done(refusal);  // NOLINT(bugprone-use-after-move): moved only if nothing is refused
  }
  wake_.notify_all();
}

std::vector<TenantRecordsImpl::Waiting> TenantRecordsImpl::TakeWaiting() {
  std::vector<Waiting> taken;
  size_t records = 0;
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return !waiting_.empty() || stopping_; });
  while (!waiting_.empty() && records < kMaxCommitRecords) {
    records += waiting_.front().write.items.size();
    taken.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return taken;
}

void TenantRecordsImpl::CommitAll() {
  while (true) {
    std::vector<Waiting> writes = TakeWaiting();
    if (writes.empty()) return;  // stopping, and nothing waits
    Commit(std::move(writes));
  }
}

void TenantRecordsImpl::Commit(std::vector<Waiting> writes) {
  const std::lock_guard committing(commit_mutex_);
  RevisionOrder::Turn turn = order_->Begin();
  std::vector<const RecordWrite*> asked;
  asked.reserve(writes.size());
  for (const Waiting& waiting : writes) asked.push_back(&waiting.write);
  absl::Status status = RecoverFailedWrite();
  CommitBatch commit(
      turn.revision(), clock_->Now(),
      {options_.max_records, options_.request_id_age, too_many_requests_, clock_->accepted()},
      &ledger_);
  if (status.ok()) status = commit.ReadPresent(*store_, filter_, asked);
  std::vector<absl::StatusOr<WriteReply>> replies;
  {
    const std::lock_guard lock(ledger_mutex_);
    for (const Waiting& waiting : writes) {
      replies.push_back(status.ok() ? commit.Apply(waiting.write) : status);
    }
    commit.Finish();
  }
  const bool changes = status.ok() && commit.changes();
  if (changes) {
    status = WriteToStore(commit, turn.revision());
    // Also when it failed: the next write settles whether it took place. The revision is used up.
    if (status.ok() || write_uncertain_) turn.Commit();
  }
  counters_.writes.fetch_add(writes.size(), std::memory_order_relaxed);
  if (status.ok()) CountCommit(commit);
  for (size_t i = 0; i < writes.size(); ++i) {
    if (const absl::Status& failed = status.ok() ? replies[i].status() : status; !failed.ok()) {
      counters_.CountFailure(failed);
    }
    if (!status.ok()) {
      writes[i].done(status);
      continue;
    }
    // What changed nothing rests on what was there before.
    if (replies[i].ok() && !changes) {
      replies[i]->revision = std::min(replies[i]->revision, order_->last());
    }
    writes[i].done(std::move(replies[i]));
  }
}

absl::Status TenantRecordsImpl::WriteToStore(CommitBatch& commit, uint64_t revision) {
  ChangeLog changes = changes_;
  changes.Note(revision, commit.change_count(), clock_->Now(), commit.batch());
  std::string content;
  PutNumber(content, revision, 8);
  commit.batch().Put(Column::kMeta, kRecordsRevisionKey, AddCheck(kRecordsRevisionKey, content));
  const auto began = std::chrono::steady_clock::now();
  const absl::Status written = store_->Write(commit.batch());
  // Before the acknowledgement; and if nobody knows whether the write took place, it may have.
  filter_.InsertBatch(commit.inserted());
  if (!written.ok()) {
    write_uncertain_ = true;
    spdlog::warn("tenants' writes failed: {}", std::string(written.message()));
    return written;
  }
  changes_ = std::move(changes);
  ShowChanges();
  revision_ = revision;
  filter_.NoteDeleted(commit.emptied());
  if (filter_.rebuild_due() != RebuildReason::kNone) MaintainSoon();
  // Before the journal's sync, which takes it along.
  store_->NoteRevision(revision);
  const absl::Status moved = journal_->Move({id_, revision});
  const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - began;
  counters_.commits.fetch_add(1, std::memory_order_relaxed);
  counters_.commit_nanoseconds.fetch_add(static_cast<uint64_t>(took.count()),
                                         std::memory_order_relaxed);
  write_uncertain_ = !moved.ok();
  return moved;
}

// A filter that is too small answers less and less: it is made anew at once.
void TenantRecordsImpl::MaintainSoon() {
  {
    const std::lock_guard lock(mutex_);
    maintain_soon_ = true;
  }
  maintain_.notify_one();
}

void TenantRecordsImpl::CountCommit(const CommitBatch& commit) {
  const CommitBatch::Counts& counts = commit.counts();
  for (size_t i = 0; i < kWriteOutcomeCount; ++i) {
    counters_.records_by_outcome[i].fetch_add(counts.by_outcome[i], std::memory_order_relaxed);
  }
  counters_.quota_refusals.fetch_add(counts.quota_refusals, std::memory_order_relaxed);
  counters_.reads.fetch_add(counts.reads, std::memory_order_relaxed);
  filter_.NoteFalsePositives(counts.false_positives);
}

void TenantRecordsImpl::ShowChanges() {
  counters_.changes_dropped_up_to.store(changes_.dropped_up_to(), std::memory_order_relaxed);
  const absl::Time oldest = changes_.oldest();
  counters_.oldest_change_micros.store(
      oldest == absl::InfiniteFuture() ? RecordCounters::kNoChange : absl::ToUnixMicros(oldest),
      std::memory_order_relaxed);
}

// After a failed write: what the store holds now is what counts.
absl::Status TenantRecordsImpl::RecoverFailedWrite() {
  if (!write_uncertain_) return absl::OkStatus();
  const std::unique_ptr<StoreSnapshot> store = store_->Snapshot();
  DNC_ASSIGN_OR_RETURN(revision_, StoredRevision(*store));
  DNC_ASSIGN_OR_RETURN(Ledger ledger, Ledger::Read(*store));
  ChangeLog changes;
  DNC_RETURN_IF_ERROR(changes.Read(*store));
  changes_ = std::move(changes);
  ShowChanges();
  {
    const std::lock_guard lock(ledger_mutex_);
    ledger_ = std::move(ledger);
  }
  // What is there may be told as there already, so it must not be lost unnoticed either.
  store_->NoteRevision(revision_);
  DNC_RETURN_IF_ERROR(journal_->Move({id_, revision_}));
  write_uncertain_ = false;
  return absl::OkStatus();
}

}  // namespace dnc
