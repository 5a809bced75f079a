#include "server/intake/missing_lists.h"

#include <algorithm>
#include <set>
#include <string>

#include "server/formats/file_name.h"
#include "server/formats/registry_file.h"
#include "server/numbers/phone_number.h"
#include "server/registry/stored_values.h"

namespace dnc {

const storage::File* MissingLists::Find(int area_code, absl::Time known, absl::Time date) {
  for (const PastFile* past : Absent()) {
    const absl::Time past_date = FromMicros(past->file.obtained_at());
    if (past_date <= known || past_date > date) continue;
    const std::optional<int> label = ParseFileName(past->file.name()).area_code;
    if (label.has_value() && *label != area_code) continue;
    if (IsMissing(*past, area_code)) return &past->file;
  }
  return nullptr;
}

const std::vector<const PastFile*>& MissingLists::Absent() {
  if (absent_.has_value()) return *absent_;
  std::set<std::string> here;
  for (const storage::File& file : build_.files.files) here.insert(file.sha256());
  absent_.emplace();
  for (const PastFile& past : past_.all()) {
    if (past.file.records() == 0 || here.count(past.file.sha256()) != 0) continue;
    absent_->push_back(&past);
  }
  return *absent_;
}

// A list that was taken back is missing, unless it was loaded again or this load has its changes. A
// full list is not missing either if a newer one was loaded.
bool MissingLists::IsMissing(const PastFile& past, int area_code) {
  const std::vector<const PastFile*>& absent = Absent();
  const auto kind = static_cast<FileKind>(past.file.kind());
  if (kind == FileKind::kChange) {
    const bool in_effect = std::any_of(absent.begin(), absent.end(), [&](const PastFile* other) {
      return other->file.sha256() == past.file.sha256() && past_.InEffect(*other, area_code);
    });
    return !in_effect && !HasChangesOf(past, area_code);
  }
  if (kind != FileKind::kFull) return false;
  const auto brought = [&](const PastFile& file) {
    const auto& fulls = FullDatesOf(file.release_id);
    if (!fulls.has_value()) return !file.in_lineage;
    const auto full = fulls->find(area_code);
    return full != fulls->end() && full->second == file.file.obtained_at();
  };
  if (!brought(past)) return false;
  return std::none_of(absent.begin(), absent.end(), [&](const PastFile* other) {
    return static_cast<FileKind>(other->file.kind()) == FileKind::kFull &&
           other->file.obtained_at() >= past.file.obtained_at() &&
           past_.InEffect(*other, area_code) && brought(*other);
  });
}

// Whether this load has the changes of a file that was taken back, or that came before the area
// code's data was lost: each of them that did something. Where the area code was not covered, none
// of them was kept, so nobody can tell.
bool MissingLists::HasChangesOf(const PastFile& past, int area_code) {
  const StoredArea& area = ChangesOf(past.release_id, area_code);
  if (!area.readable || !area.covered) return false;
  if (!parsed_changes_.has_value()) {
    parsed_changes_.emplace();
    for (const ParsedChanges& list : build_.files.changes) {
      for (const ChangeRecord& record : list.records) {
        const uint64_t key = static_cast<uint64_t>(AreaCodeOf(record.number)) << 32 |
                             SubscriberOf(record.number) << 1 | (record.added ? 1U : 0U);
        parsed_changes_->emplace_back(key, ToMicros(record.time));
      }
    }
    std::sort(parsed_changes_->begin(), parsed_changes_->end());
  }
  return std::all_of(area.changes.begin(), area.changes.end(), [&](const StoredChange& change) {
    const uint64_t key =
        static_cast<uint64_t>(area_code) << 32 | change.subscriber << 1 | (change.added ? 1U : 0U);
    return !change.exact || std::binary_search(parsed_changes_->begin(), parsed_changes_->end(),
                                               std::pair<uint64_t, int64_t>(key, change.at_micros));
  });
}

// What a release stored of an area code, which may be one that was taken back.
const MissingLists::StoredArea& MissingLists::ChangesOf(uint64_t release_id, int area_code) {
  const auto [it, fresh] = past_changes_.try_emplace({release_id, area_code});
  StoredArea& area = it->second;
  if (!fresh) return area;
  const auto& seals = FullDatesOf(release_id);
  if (!seals.has_value()) return area;
  const auto seal = seals->find(area_code);
  area.readable = true;
  area.covered = seal != seals->end();
  if (!area.covered) return area;
  absl::StatusOr<std::vector<StoredChange>> changes =
      build_.base.store->ReadChanges(build_.before.list_id, release_id, area_code);
  area.readable = changes.ok();
  if (changes.ok()) area.changes = *std::move(changes);
  return area;
}

// When the full lists of a release's area codes were obtained. Nullopt if that can't be read.
const std::optional<std::map<int, int64_t>>& MissingLists::FullDatesOf(uint64_t release_id) {
  const auto [it, fresh] = past_fulls_.try_emplace(release_id);
  if (!fresh) return it->second;
  const absl::StatusOr<storage::Seals> seals = build_.base.store->ReadSeals(release_id);
  if (!seals.ok()) return it->second;
  it->second.emplace();
  for (const storage::Seal& seal : seals->seals()) {
    it->second->emplace(static_cast<int>(seal.area_code()), seal.full_obtained_at());
  }
  return it->second;
}

}  // namespace dnc
