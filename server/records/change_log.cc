#include "server/records/change_log.h"

#include <algorithm>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/records/record_keys.h"
#include "server/storage/checked_value.h"

namespace dnc {
namespace {

constexpr std::string_view kChangesHeadKey = "own/changes";
constexpr absl::Duration kMarkInterval = absl::Hours(1);
constexpr uint64_t kMarkChanges = 1'000'000;

std::string TwoNumbers(uint64_t a, uint64_t b) {
  std::string text;
  PutNumber(text, a, 8);
  PutNumber(text, b, 8);
  return text;
}

std::string MarkKey(uint64_t revision) {
  std::string key(kMarkPrefix);
  PutNumber(key, revision, 8);
  return key;
}

absl::Status DamagedHead() { return RecordsDamaged("the head of the changes is damaged"); }

}  // namespace

absl::StatusOr<uint64_t> StoredRevision(const StoreSnapshot& store) {
  DNC_ASSIGN_OR_RETURN(const auto stored, store.Get(Column::kMeta, kRecordsRevisionKey));
  if (!stored.has_value()) return 0;
  const auto content = RemoveCheck(kRecordsRevisionKey, *stored);
  if (!content.has_value() || content->size() != 8) {
    return RecordsDamaged("the stored revision is damaged");
  }
  return GetNumber(*content);
}

void PutRevision(uint64_t revision, StoreBatch& batch) {
  std::string content;
  PutNumber(content, revision, 8);
  batch.Put(Column::kMeta, kRecordsRevisionKey, AddCheck(kRecordsRevisionKey, content));
}

absl::Status ChangeLog::Read(const StoreSnapshot& store) {
  DNC_ASSIGN_OR_RETURN(const auto head, store.Get(Column::kMeta, kChangesHeadKey));
  if (head.has_value()) {
    const auto content = RemoveCheck(kChangesHeadKey, *head);
    if (!content.has_value() || content->size() != 16) return DamagedHead();
    changes_ = GetNumber(content->substr(0, 8));
    dropped_up_to_ = GetNumber(content->substr(8));
  }
  return store.Scan(
      Column::kMeta, kMarkPrefix, EndOf(kMarkPrefix),
      [this](std::string_view key, std::string_view value) -> absl::Status {
        const auto content = RemoveCheck(key, value);
        if (!content.has_value() || content->size() != 16) return DamagedHead();
        marks_[GetNumber(key.substr(kMarkPrefix.size()))] = {
            absl::FromUnixMicros(static_cast<int64_t>(GetNumber(content->substr(0, 8)))),
            GetNumber(content->substr(8))};
        return absl::OkStatus();
      });
}

void ChangeLog::WriteHead(StoreBatch& batch) const {
  batch.Put(Column::kMeta, kChangesHeadKey,
            AddCheck(kChangesHeadKey, TwoNumbers(changes_, dropped_up_to_)));
}

void ChangeLog::Note(uint64_t revision, uint64_t count, absl::Time now, StoreBatch& batch) {
  changes_ += count;
  const bool due = marks_.empty() || now - marks_.rbegin()->second.time >= kMarkInterval ||
                   changes_ - marks_.rbegin()->second.changes >= kMarkChanges;
  if (due) {
    marks_[revision] = {now, changes_};
    const std::string key = MarkKey(revision);
    const auto micros = static_cast<uint64_t>(absl::ToUnixMicros(now));
    batch.Put(Column::kMeta, key, AddCheck(key, TwoNumbers(micros, changes_)));
  }
  WriteHead(batch);
}

uint64_t ChangeLog::DroppableUpTo(absl::Time now, absl::Duration age, uint64_t max_changes) const {
  uint64_t up_to = dropped_up_to_;
  for (const auto& [revision, mark] : marks_) {
    if (now - mark.time <= age && changes_ - mark.changes <= max_changes) break;
    up_to = std::max(up_to, revision);
  }
  return up_to;
}

void ChangeLog::Drop(uint64_t revision, StoreBatch& batch) {
  dropped_up_to_ = std::max(dropped_up_to_, revision);
  while (!marks_.empty() && marks_.begin()->first <= revision) {
    batch.Delete(Column::kMeta, MarkKey(marks_.begin()->first));
    marks_.erase(marks_.begin());
  }
  WriteHead(batch);
}

}  // namespace dnc
