#include "server/tenants/own_commit.h"

#include <algorithm>
#include <utility>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/tenants/own_change.h"
#include "server/tenants/own_checks.h"
#include "server/tenants/own_keys.h"
#include "server/tenants/own_requests.h"

namespace dnc {
namespace {

// What a list has of a number when it is added again. Of a do-not-call request the promises made
// stay, in whatever order the requests arrive: it counts from the first, and until the last of them
// ends. Only a removal takes it away. Of the other kinds, what is said last is what holds.
OwnRecord Joined(OwnListKind kind, const OwnRecord& before, OwnRecord record) {
  if (kind != OwnListKind::kInternal) return record;
  record.made_at = std::min(before.made_at, record.made_at);
  record.expires_at = std::max(before.expires_at, record.expires_at);
  return record;
}

// Who wrote a do-not-call request down again is no news.
bool SameFacts(OwnListKind kind, const OwnRecord& a, const OwnRecord& b) {
  const bool same_writer = kind == OwnListKind::kInternal || a.made_by == b.made_by;
  return same_writer && a.made_at == b.made_at && a.channel == b.channel && a.reason == b.reason &&
         a.note == b.note && a.expires_at == b.expires_at && a.ebr_kind == b.ebr_kind &&
         a.last_event_at == b.last_event_at && a.source == b.source;
}

WriteResult Refused(std::string why) { return {WriteOutcome::kRefused, std::move(why)}; }

}  // namespace

absl::Status OwnCommit::ReadPresent(const Store& store, const GrowingFilter& filter,
                                    absl::Span<const OwnWrite* const> writes) {
  std::vector<StorePrefix> prefixes;
  std::vector<Number> numbers;
  std::vector<uint32_t> possible;
  size_t items = 0;
  for (const OwnWrite* write : writes) items += write->items.size();
  present_.reserve(items);
  for (const OwnWrite* write : writes) {
    const TenantNumber tenant = write->tenant->tenant.number;
    numbers.clear();
    for (const OwnWrite::Item& item : write->items) {
      if (item.refusal.empty()) numbers.push_back(item.record.number);
    }
    possible.assign(numbers.size(), 0);
    filter.MarkPossible(tenant, numbers, 0, absl::MakeSpan(possible));
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

absl::StatusOr<WriteReply> OwnCommit::Apply(const OwnWrite& write) {
  const TenantNumber tenant = write.tenant->tenant.number;
  std::string request_key;
  if (!write.request_id.empty()) {
    request_key = RequestKey(tenant, write.request_id);
    const auto stored = requests_.find(request_key);
    if (stored != requests_.end()) {
      DNC_ASSIGN_OR_RETURN(const StoredReply before, DecodeReply(request_key, stored->second));
      if (now_ - before.time < limits_.request_id_age) {
        if (before.content == ContentDigest(write)) return before.reply;
        return Error(absl::StatusCode::kInvalidArgument, reason::kRequestIdReused,
                     "this request_id came before with other content; use a new one");
      }
    }
    if (limits_.request_ids_full) {
      return Error(absl::StatusCode::kResourceExhausted, reason::kLimitReached,
                   "the server keeps as many request ids as it may (tenants.max_request_ids); "
                   "send the write without one, or ask its operator for more");
    }
  }
  WriteReply reply;
  reply.revision = revision_;
  reply.results.reserve(write.items.size());
  for (const OwnWrite::Item& item : write.items) {
    reply.results.push_back(ApplyItem(write, item));
    ++counts_.by_outcome[static_cast<size_t>(reply.results.back().outcome)];
  }
  if (!request_key.empty()) {
    std::string stored = EncodeReply(request_key, {now_, ContentDigest(write), reply});
    batch_.Put(Column::kRequests, request_key, stored);
    requests_[request_key] = std::move(stored);
    ++change_count_;
  }
  PutChanges();
  return reply;
}

WriteResult OwnCommit::ApplyItem(const OwnWrite& write, const OwnWrite::Item& item) {
  if (!item.refusal.empty()) return Refused(item.refusal);
  const std::string key =
      EncodeOwnKey({write.tenant->tenant.number, item.record.number, write.list.number});
  std::string& present = present_[key];
  return write.remove ? RemoveRecord(write, key, present) : AddRecord(write, item, key, present);
}

WriteResult OwnCommit::AddRecord(const OwnWrite& write, const OwnWrite::Item& item,
                                 const std::string& key, std::string& present) {
  const OwnBooks::Id id{write.tenant->tenant.number, write.list.number};
  if (std::string why = WhyRefused(write.list.kind, item.record, now_); !why.empty()) {
    return Refused(std::move(why));
  }
  OwnRecord record = item.record;
  record.revision = revision_;
  const bool there = !present.empty();
  if (there) {
    const absl::StatusOr<OwnRecord> before = DecodeOwnRecord(key, present);
    // A damaged record is not written over: somebody must look at it first.
    if (!before.ok()) return Refused(std::string(ToStd(before.status().message())));
    record = Joined(write.list.kind, *before, std::move(record));
    if (SameFacts(write.list.kind, *before, record)) return {WriteOutcome::kAlreadyThere, ""};
  } else if (write.max_records != 0 && books_->records(id.first) >= write.max_records) {
    ++counts_.quota_refusals;
    return Refused(StrCat("the tenant's quota of ", write.max_records,
                          " records is used up; ask the operator for more"));
  } else if (books_->records() >= limits_.max_records) {
    return Refused(
        "the server holds as many records as it may (tenants.max_records); ask its "
        "operator for more");
  }
  if (there) books_->Remove(id, DigestOfRecord(key, present));
  present = EncodeOwnRecord(key, record);
  books_->Add(id, DigestOfRecord(key, present));
  changed_.push_back(key);
  const WriteOutcome outcome = there ? WriteOutcome::kUpdated : WriteOutcome::kAdded;
  NoteChange(write, outcome, key, present);
  if (!there) inserted_.push_back({id.first, record.number});
  return {outcome, ""};
}

WriteResult OwnCommit::RemoveRecord(const OwnWrite& write, const std::string& key,
                                    std::string& present) {
  if (present.empty()) return {WriteOutcome::kNotThere, ""};
  if (write.list.kind == OwnListKind::kInternal && !write.remove_do_not_call) {
    return Refused(
        "a do-not-call request stays five years at least (16 CFR 310.5); set "
        "remove_do_not_call if it was a mistake");
  }
  books_->Remove({write.tenant->tenant.number, write.list.number}, DigestOfRecord(key, present));
  changed_.push_back(key);
  OwnRecord gone;
  gone.number = DecodeOwnKey(key)->number;
  gone.made_at = now_;
  gone.made_by = write.by;
  gone.reason = write.reason;
  gone.revision = revision_;
  NoteChange(write, WriteOutcome::kRemoved, key, EncodeOwnRecord(key, gone));
  present.clear();
  ++emptied_;
  return {WriteOutcome::kRemoved, ""};
}

void OwnCommit::NoteChange(const OwnWrite& write, WriteOutcome outcome, std::string_view key,
                           std::string_view record) {
  if (pack_.empty()) pack_key_ = ChangeKey(write.tenant->tenant.number, revision_, change_count_);
  pack_.Add(outcome, key, record);
  ++change_count_;
  if (pack_.full()) PutChanges();
}

void OwnCommit::PutChanges() {
  if (pack_.empty()) return;
  batch_.Put(Column::kOwnChanges, pack_key_, pack_.Take(pack_key_));
}

// In the order of their keys, which the store takes in twice as fast as any other, and each once.
void OwnCommit::Finish() {
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
  books_->WriteChanged(batch_);
}

}  // namespace dnc
