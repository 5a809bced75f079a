#include "server/records/commit_batch.h"

#include <algorithm>
#include <utility>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/records/idempotency_keys.h"
#include "server/records/record_change.h"
#include "server/records/record_checks.h"
#include "server/records/record_keys.h"
#include "server/records/record_meaning.h"

namespace dnc {
namespace {

// What a list has of a number when it is added again. For a do-not-call request the promises that
// were made stay, in whatever order the requests arrive: it counts from the first on, and until the
// last of them ends, and only a removal takes it away. For the other kinds, what is said last
// holds.
TenantRecord Joined(TenantListKind kind, const TenantRecord& before, TenantRecord record) {
  if (kind != TenantListKind::kInternal) return record;
  record.made_at = std::min(before.made_at, record.made_at);
  record.expires_at = std::max(before.expires_at, record.expires_at);
  return record;
}

// Who wrote a do-not-call request down again is no news.
bool SameFacts(TenantListKind kind, const TenantRecord& a, const TenantRecord& b) {
  const bool same_writer = kind == TenantListKind::kInternal || a.made_by == b.made_by;
  return same_writer && a.made_at == b.made_at && a.channel == b.channel && a.reason == b.reason &&
         a.note == b.note && a.expires_at == b.expires_at && a.ebr_kind == b.ebr_kind &&
         a.last_event_at == b.last_event_at && a.source == b.source;
}

WriteResult Refused(std::string why) { return {WriteOutcome::kRefused, std::move(why)}; }
// A request that is over already is no request that is in force, and must not be told as one.
WriteResult RefusedAsOver(std::string why) {
  return {WriteOutcome::kRefused, std::move(why), /*over=*/true};
}

}  // namespace

absl::Status CommitBatch::ReadPresent(const Store& store, const GrowingFilter& filter,
                                      absl::Span<const RecordWrite* const> writes) {
  std::vector<StorePrefix> prefixes;
  std::vector<Number> numbers;
  std::vector<uint32_t> possible;
  size_t items = 0;
  for (const RecordWrite* write : writes) items += write->items.size();
  present_.reserve(items);
  for (const RecordWrite* write : writes) {
    const TenantNumber tenant = write->tenant->tenant.number;
    numbers.clear();
    for (const RecordWrite::Item& item : write->items) {
      if (item.refusal.empty()) numbers.push_back(item.record.number);
    }
    possible.assign(numbers.size(), 0);
    filter.MayContainBatch(tenant, numbers, 0, absl::MakeSpan(possible));
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (possible[i] != 0) prefixes.push_back(PrefixOf(tenant, numbers[i]));
    }
    if (write->request_id.empty()) continue;
    const std::string key = RequestKey(tenant, write->request_id);
    DNC_ASSIGN_OR_RETURN(auto stored, store.Get(Column::kRequests, key));
    if (stored.has_value()) requests_[key] = *std::move(stored);
  }
  std::sort(prefixes.begin(), prefixes.end());
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  std::vector<bool> found(prefixes.size());
  DNC_RETURN_IF_ERROR(
      store.ReadPrefixes(prefixes, [&](size_t index, std::string_view key, std::string_view value) {
        found[index] = true;
        present_[std::string(key)] = std::string(value);
        return absl::OkStatus();
      }));
  counts_.reads = prefixes.size();
  counts_.false_positives = static_cast<uint64_t>(std::count(found.begin(), found.end(), false));
  return absl::OkStatus();
}

absl::StatusOr<WriteReply> CommitBatch::Apply(const RecordWrite& write) {
  const TenantNumber tenant = write.tenant->tenant.number;
  std::string request_key;
  if (!write.request_id.empty()) {
    request_key = RequestKey(tenant, write.request_id);
    const auto stored = requests_.find(request_key);
    if (stored != requests_.end()) {
      DNC_ASSIGN_OR_RETURN(const StoredReply before, DecodeReply(request_key, stored->second));
      if (write.time - before.time < limits_.request_id_age) {
        if (before.content == ContentDigest(write)) return Repeat(write, request_key, before);
        return Error(reason::kRequestIdReused,
                     "this request_id came before with other content; use a new one");
      }
    }
    if (write.request_ids_full) {
      return Error(reason::kLimitReached,
                   "the server keeps as many request ids as it may (tenants.max_request_ids); "
                   "send the write without one, or ask its operator for more");
    }
  }
  WriteReply reply;
  reply.revision = revision_;
  reply.results.reserve(write.items.size());
  for (const RecordWrite::Item& item : write.items) {
    reply.results.push_back(ApplyItem(write, item));
    ++counts_.by_outcome[static_cast<size_t>(reply.results.back().outcome)];
  }
  if (!request_key.empty()) {
    std::string stored = EncodeReply(request_key, {write.time, ContentDigest(write), reply});
    batch_.Put(Column::kRequests, request_key, stored);
    requests_[request_key] = std::move(stored);
    ++change_count_;
  }
  PutChanges();
  return reply;
}

WriteReply CommitBatch::Repeat(const RecordWrite& write, const std::string& request_key,
                               StoredReply before) {
  WriteReply reply;
  reply.revision = before.reply.revision;
  const uint64_t changes_before = change_count_;
  for (size_t i = 0; i < write.items.size(); ++i) {
    const WriteResult told =
        i < before.reply.results.size() ? before.reply.results[i] : WriteResult();
    const uint64_t changes = change_count_;
    reply.results.push_back(RepeatItem(write, write.items[i], before, told));
    if (change_count_ == changes) continue;
    ++counts_.by_outcome[static_cast<size_t>(reply.results.back().outcome)];
  }
  if (change_count_ == changes_before) return reply;
  // What is told from now on is in force from this revision on.
  reply.revision = revision_;
  before.reply = reply;
  std::string stored = EncodeReply(request_key, before);
  batch_.Put(Column::kRequests, request_key, stored);
  requests_[request_key] = std::move(stored);
  PutChanges();
  return reply;
}

WriteResult CommitBatch::RepeatItem(const RecordWrite& write, const RecordWrite::Item& item,
                                    const StoredReply& before, const WriteResult& told) {
  if (!item.refusal.empty()) return Refused(item.refusal);
  const bool internal = write.list.kind == TenantListKind::kInternal;
  if (internal && !write.remove) return RepeatOptOut(write, item, before, told);
  if (told.outcome == WriteOutcome::kRefused) return told;
  const std::string key = KeyOf(write, item);
  const std::string& present = present_[key];
  if (write.remove) {
    if (present.empty()) return told;
    // What came after the removal is not taken away by it.
    return Refused(
        "it was added again after this removal, so it stands; remove it with a new request_id if "
        "that is what is meant");
  }
  // An exemption that was taken back since does not come back by a repetition.
  if (present.empty()) {
    return Refused(
        "it was added and has been removed since; add it with a new request_id if it holds again");
  }
  const absl::StatusOr<TenantRecord> there = DecodeTenantRecord(key, present);
  if (!there.ok()) return Refused(std::string(ToStd(there.status().message())));
  if (there->revision > before.reply.revision) {
    return {WriteOutcome::kAlreadyThere, "a later write of the same number stands in its place"};
  }
  return {told.outcome, WhyNotInForce(write.list.kind, *there, limits_.accepted, write.time)};
}

WriteResult CommitBatch::RepeatOptOut(const RecordWrite& write, RecordWrite::Item item,
                                      const StoredReply& before, const WriteResult& told) {
  if (!item.dated) item.record.made_at = std::min(item.record.made_at, before.time);
  const std::string key = KeyOf(write, item);
  std::string& present = present_[key];
  if (present.empty() || told.outcome == WriteOutcome::kRefused) {
    return AddRecord(write, item, key, present);
  }
  const absl::StatusOr<TenantRecord> there = DecodeTenantRecord(key, present);
  if (!there.ok()) return Refused(std::string(ToStd(there.status().message())));
  // Only the promise is made again: what was noted since stays.
  TenantRecord record = *there;
  record.made_at = std::min(record.made_at, item.record.made_at);
  record.expires_at = std::max(record.expires_at, item.record.expires_at);
  if (record.expires_at <= write.time) {
    return RefusedAsOver(WhyNotInForce(write.list.kind, record, limits_.accepted, write.time));
  }
  if (record.made_at == there->made_at && record.expires_at == there->expires_at) {
    return {told.outcome, ""};
  }
  record.revision = revision_;
  return PutRecord(write, record, key, present);
}

std::string CommitBatch::KeyOf(const RecordWrite& write, const RecordWrite::Item& item) const {
  return EncodeRecordKey({write.tenant->tenant.number, item.record.number, write.list.number});
}

WriteResult CommitBatch::ApplyItem(const RecordWrite& write, const RecordWrite::Item& item) {
  if (!item.refusal.empty()) return Refused(item.refusal);
  const std::string key = KeyOf(write, item);
  std::string& present = present_[key];
  return write.remove ? RemoveRecord(write, key, present) : AddRecord(write, item, key, present);
}

WriteResult CommitBatch::AddRecord(const RecordWrite& write, const RecordWrite::Item& item,
                                   const std::string& key, std::string& present) {
  const Ledger::Id id{write.tenant->tenant.number, write.list.number};
  if (std::string why = WhyRefused(write.list.kind, item.record, write.time); !why.empty()) {
    return Refused(std::move(why));
  }
  if (item.counts_until.has_value() &&
      *item.counts_until != CountsUntil(write.list.kind, item.record)) {
    return Refused(
        "`counts_until` is what the server tells, and not what follows from the record; leave it "
        "out, and say with `expires_at` when the record ends");
  }
  TenantRecord record = item.record;
  record.revision = revision_;
  const bool there = !present.empty();
  const bool internal = write.list.kind == TenantListKind::kInternal;
  if (there) {
    const absl::StatusOr<TenantRecord> before = DecodeTenantRecord(key, present);
    // A damaged record is not written over: somebody must look at it first.
    if (!before.ok()) return Refused(std::string(ToStd(before.status().message())));
    record = Joined(write.list.kind, *before, std::move(record));
    if (SameFacts(write.list.kind, *before, record)) {
      std::string why = WhyNotInForce(write.list.kind, *before, limits_.accepted, write.time);
      if (internal && !why.empty()) return RefusedAsOver(std::move(why));
      return {WriteOutcome::kAlreadyThere, std::move(why)};
    }
  } else if (write.max_records != 0 && ledger_->records(id.first) >= write.max_records) {
    ++counts_.quota_refusals;
    return Refused(StrCat("the tenant's quota of ", write.max_records,
                          " records is used up; ask the operator for more"));
  } else if (ledger_->records() >= limits_.max_records) {
    return Refused(
        "the server holds as many records as it may (tenants.max_records); ask its "
        "operator for more");
  }
  if (internal && record.expires_at <= write.time) {
    return RefusedAsOver(
        StrCat(WhyNotInForce(write.list.kind, record, limits_.accepted, write.time),
               "; give a later end, or none, if it is to hold"));
  }
  return PutRecord(write, record, key, present);
}

WriteResult CommitBatch::PutRecord(const RecordWrite& write, const TenantRecord& record,
                                   const std::string& key, std::string& present) {
  const Ledger::Id id{write.tenant->tenant.number, write.list.number};
  const bool there = !present.empty();
  if (there) ledger_->Remove(id, DigestOfRecord(key, present));
  present = EncodeTenantRecord(key, record);
  ledger_->Add(id, DigestOfRecord(key, present));
  changed_.push_back(key);
  const WriteOutcome outcome = there ? WriteOutcome::kUpdated : WriteOutcome::kAdded;
  NoteChange(write, outcome, key, present);
  if (!there) inserted_.push_back({id.first, record.number});
  return {outcome, WhyNotInForce(write.list.kind, record, limits_.accepted, write.time)};
}

WriteResult CommitBatch::RemoveRecord(const RecordWrite& write, const std::string& key,
                                      std::string& present) {
  if (present.empty()) return {WriteOutcome::kNotThere, ""};
  if (write.list.kind == TenantListKind::kInternal && !write.remove_do_not_call) {
    return Refused(
        "a do-not-call request stays five years at least (16 CFR 310.5); set "
        "remove_do_not_call if it was a mistake");
  }
  ledger_->Remove({write.tenant->tenant.number, write.list.number}, DigestOfRecord(key, present));
  changed_.push_back(key);
  TenantRecord gone;
  gone.number = DecodeRecordKey(key)->number;
  gone.made_at = write.time;
  gone.made_by = write.by;
  gone.reason = write.reason;
  gone.revision = revision_;
  NoteChange(write, WriteOutcome::kRemoved, key, EncodeTenantRecord(key, gone));
  present.clear();
  ++emptied_;
  return {WriteOutcome::kRemoved, ""};
}

void CommitBatch::NoteChange(const RecordWrite& write, WriteOutcome outcome, std::string_view key,
                             std::string_view record) {
  if (pack_.empty()) pack_key_ = ChangeKey(write.tenant->tenant.number, revision_, change_count_);
  pack_.Add(outcome, key, record);
  ++change_count_;
  if (pack_.full()) PutChanges();
}

void CommitBatch::PutChanges() {
  if (pack_.empty()) return;
  batch_.Put(Column::kRecordChanges, pack_key_, pack_.Take(pack_key_));
}

// In the order of their keys, which the store takes in twice as fast as any other, and each once.
void CommitBatch::Finish() {
  std::sort(changed_.begin(), changed_.end());
  changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
  for (const std::string& key : changed_) {
    const std::string& record = present_[key];
    if (record.empty()) {
      batch_.Delete(Column::kRecords, key);
    } else {
      batch_.Put(Column::kRecords, key, record);
    }
  }
  ledger_->WriteChanged(batch_);
}

}  // namespace dnc
