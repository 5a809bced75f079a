// The drafter's part for lists that are missing: that were taken back, or lost with what they
// brought.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "server/registry/release_builder.h"

namespace dnc {

// What a release stored of an area code, which may be one that was taken back.
const ReleaseBuilder::StoredArea& ReleaseBuilder::ChangesOf(uint64_t release_id, int area_code) {
  const auto [it, fresh] = past_changes_.try_emplace({release_id, area_code});
  StoredArea& area = it->second;
  if (!fresh) return area;
  const auto& seals = SealsOf(release_id);
  if (!seals.has_value()) return area;
  const auto seal = seals->find(area_code);
  area.readable = true;
  area.covered = seal != seals->end();
  if (!area.covered) return area;
  absl::StatusOr<std::vector<StoredChange>> changes =
      in_.store->ReadChanges(before_.list_id, release_id, area_code);
  area.readable = changes.ok();
  if (changes.ok()) area.changes = *std::move(changes);
  return area;
}

// When the full lists of the area codes of a release were obtained; nullopt if that can't be read.
const std::optional<std::map<int, int64_t>>& ReleaseBuilder::SealsOf(uint64_t release_id) {
  const auto [it, fresh] = past_fulls_.try_emplace(release_id);
  if (!fresh) return it->second;
  const absl::StatusOr<storage::Seals> seals = in_.store->ReadSeals(release_id);
  if (!seals.ok()) return it->second;
  it->second.emplace();
  for (const storage::Seal& seal : seals->seals()) {
    it->second->emplace(static_cast<int>(seal.area_code()), seal.full_obtained_at());
  }
  return it->second;
}

// Whether the changes of a file that was taken back, or that came before the area code's data was
// lost, are among those of this load: each of them that did something. Where the area code was not
// covered, none of them was kept.
bool ReleaseBuilder::HasChangesOf(const PastFile& past, int area_code) {
  const StoredArea& area = ChangesOf(past.release_id, area_code);
  if (!area.readable || !area.covered) return false;
  if (!staged_changes_.has_value()) {
    staged_changes_.emplace();
    for (const ParsedChanges& list : staged_.changes) {
      for (const ChangeRecord& record : list.records) {
        const uint64_t key = static_cast<uint64_t>(AreaCodeOf(record.number)) << 32 |
                             SubscriberOf(record.number) << 1 | (record.added ? 1U : 0U);
        staged_changes_->emplace_back(key, ToMicros(record.time));
      }
    }
    std::sort(staged_changes_->begin(), staged_changes_->end());
  }
  return std::all_of(area.changes.begin(), area.changes.end(), [&](const StoredChange& change) {
    const uint64_t key =
        static_cast<uint64_t>(area_code) << 32 | change.subscriber << 1 | (change.added ? 1U : 0U);
    return !change.exact || std::binary_search(staged_changes_->begin(), staged_changes_->end(),
                                               std::pair<uint64_t, int64_t>(key, change.at_micros));
  });
}

// The lists that were loaded once, and that are not in this load.
const std::vector<const ReleaseBuilder::PastFile*>& ReleaseBuilder::AbsentLists() {
  if (absent_.has_value()) return *absent_;
  std::set<std::string> here;
  for (const storage::File& file : staged_.files) here.insert(file.sha256());
  absent_.emplace();
  for (const PastFile& past : past_files_) {
    if (past.file.records() == 0 || here.count(past.file.sha256()) != 0) continue;
    absent_->push_back(&past);
  }
  return *absent_;
}

// A list that was taken back is missing, unless it was loaded again, or this load has its changes,
// or, of a full list, a newer one was loaded.
bool ReleaseBuilder::IsMissing(const PastFile& past, const std::vector<const PastFile*>& absent,
                               int area_code) {
  const auto kind = static_cast<FileKind>(past.file.kind());
  if (kind == FileKind::kChange) {
    const bool in_effect = std::any_of(absent.begin(), absent.end(), [&](const PastFile* other) {
      return other->file.sha256() == past.file.sha256() && InEffect(*other, area_code);
    });
    return !in_effect && !HasChangesOf(past, area_code);
  }
  if (kind != FileKind::kFull) return false;
  const auto brought = [&](const PastFile& file) {
    const auto& fulls = SealsOf(file.release_id);
    if (!fulls.has_value()) return !file.in_lineage;
    const auto full = fulls->find(area_code);
    return full != fulls->end() && full->second == file.file.obtained_at();
  };
  if (!brought(past)) return false;
  return std::none_of(absent.begin(), absent.end(), [&](const PastFile* other) {
    return static_cast<FileKind>(other->file.kind()) == FileKind::kFull &&
           other->file.obtained_at() >= past.file.obtained_at() && InEffect(*other, area_code) &&
           brought(*other);
  });
}

const storage::File* ReleaseBuilder::MissingList(const std::vector<const PastFile*>& absent,
                                                 int area_code, absl::Time known, absl::Time date) {
  for (const PastFile* past : absent) {
    const absl::Time past_date = FromMicros(past->file.obtained_at());
    if (past_date <= known || past_date > date) continue;
    const std::optional<int> label = ParseFileName(past->file.name()).area_code;
    if (label.has_value() && *label != area_code) continue;
    if (IsMissing(*past, absent, area_code)) return &past->file;
  }
  return nullptr;
}

}  // namespace dnc
