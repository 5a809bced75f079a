#include "server/records/record_change.h"

#include "server/base/status_macros.h"
#include "server/storage/checked_value.h"

namespace dnc {
namespace {

constexpr size_t kChangeKeyBytes = 4 + 8 + 8;
// Stands in place of the outcome of a single change, for a pack of several.
constexpr char kSeveral = '\x80';
// Stands in the same place, for a change of a list.
constexpr char kOfList = '\x81';
constexpr size_t kListHeadBytes = 2 + 4;  // kOfList, outcome, list
constexpr int kSizeBytes = 4;
constexpr size_t kHeadBytes = 1 + kRecordKeyBytes;  // outcome and the record's key

absl::Status DamagedChange() { return RecordsDamaged("a change of a tenant's list is damaged"); }

// One change; `head` is its outcome and the record's key.
absl::StatusOr<RecordChange> DecodeOne(std::string_view key, std::string_view head,
                                       std::string_view record) {
  RecordChange change;
  change.revision = GetNumber(key.substr(4, 8));
  change.outcome = static_cast<WriteOutcome>(head.front());
  if (change.outcome != WriteOutcome::kAdded && change.outcome != WriteOutcome::kUpdated &&
      change.outcome != WriteOutcome::kRemoved) {
    return RecordsDamaged("a change of a tenant's list is of no known kind");
  }
  const std::string_view record_key = head.substr(1);
  DNC_ASSIGN_OR_RETURN(const RecordKey decoded, DecodeRecordKey(record_key));
  if (decoded.tenant != GetNumber(key.substr(0, 4))) {
    return RecordsDamaged("a change of a tenant's list has a record of another tenant");
  }
  DNC_ASSIGN_OR_RETURN(change.record, DecodeTenantRecord(record_key, record));
  change.list = decoded.list;
  return change;
}

absl::StatusOr<std::vector<RecordChange>> DecodeListChange(std::string_view key,
                                                           std::string_view content) {
  if (content.size() < kListHeadBytes) return DamagedChange();
  RecordChange change;
  change.revision = GetNumber(key.substr(4, 8));
  change.outcome = static_cast<WriteOutcome>(content[1]);
  change.list = static_cast<ListNumber>(GetNumber(content.substr(2, 4)));
  const bool removed = change.outcome == WriteOutcome::kRemoved;
  std::string_view rest = content.substr(kListHeadBytes);
  const bool right = (removed || change.outcome == WriteOutcome::kAdded) && change.list != 0 &&
                     !(removed && rest.empty());
  if (!right) return DamagedChange();
  if (rest.empty()) {
    change.what = RecordChange::What::kList;
    return std::vector<RecordChange>{change};
  }
  change.what = RecordChange::What::kBlock;
  std::vector<RecordChange> changes;
  while (!rest.empty()) {
    const auto size = static_cast<size_t>(static_cast<uint8_t>(rest.front()));
    rest.remove_prefix(1);
    if ((size != 3 && size != 6) || rest.size() < size) return DamagedChange();
    change.block = std::string(rest.substr(0, size));
    if (change.block.find_first_not_of("0123456789") != std::string::npos) return DamagedChange();
    rest.remove_prefix(size);
    changes.push_back(change);
  }
  return changes;
}

}  // namespace

std::string EncodeListChange(std::string_view key, const ListChange& change) {
  std::string content(1, kOfList);
  content.push_back(
      static_cast<char>(change.removed ? WriteOutcome::kRemoved : WriteOutcome::kAdded));
  PutNumber(content, change.list, 4);
  for (const std::string& block : change.blocks) {
    content.push_back(static_cast<char>(block.size()));
    content.append(block);
  }
  return AddCheck(key, content);
}

void ChangePack::Add(WriteOutcome outcome, std::string_view record_key, std::string_view record) {
  content_.push_back(static_cast<char>(outcome));
  content_.append(record_key);
  PutNumber(content_, record.size(), kSizeBytes);
  content_.append(record);
  ++count_;
}

std::string ChangePack::Take(std::string_view key) {
  // A record that is alone needs no size, for it goes up to the end.
  if (count_ == 1) content_.erase(kHeadBytes, kSizeBytes);
  std::string value = AddCheck(key, count_ == 1 ? content_ : kSeveral + content_);
  count_ = 0;
  content_.clear();
  return value;
}

absl::StatusOr<std::vector<RecordChange>> DecodeRecordChanges(std::string_view key,
                                                              std::string_view value) {
  const auto content = RemoveCheck(key, value);
  if (key.size() != kChangeKeyBytes || !content.has_value()) return DamagedChange();
  std::string_view rest = *content;
  if (!rest.empty() && rest.front() == kOfList) return DecodeListChange(key, rest);
  std::vector<RecordChange> changes;
  if (rest.empty() || rest.front() != kSeveral) {
    if (rest.size() < kHeadBytes) return DamagedChange();
    DNC_ASSIGN_OR_RETURN(RecordChange change,
                         DecodeOne(key, rest.substr(0, kHeadBytes), rest.substr(kHeadBytes)));
    changes.push_back(std::move(change));
    return changes;
  }
  rest.remove_prefix(1);
  while (!rest.empty()) {
    if (rest.size() < kHeadBytes + kSizeBytes) return DamagedChange();
    const std::string_view head = rest.substr(0, kHeadBytes);
    const uint64_t size = GetNumber(rest.substr(kHeadBytes, kSizeBytes));
    rest.remove_prefix(kHeadBytes + kSizeBytes);
    if (rest.size() < size) return DamagedChange();
    DNC_ASSIGN_OR_RETURN(RecordChange change, DecodeOne(key, head, rest.substr(0, size)));
    changes.push_back(std::move(change));
    rest.remove_prefix(size);
  }
  // A change that is alone is written in the other form.
  if (changes.size() < 2) return DamagedChange();
  return changes;
}

}  // namespace dnc
