#include "server/intake/file_guard.h"

#include <utility>

#include "server/base/str_cat.h"
#include "server/numbers/phone_number.h"
#include "server/registry/stored_values.h"

namespace dnc {

void FileGuard::Check() {
  const absl::Time latest =
      build_.base.now + absl::Seconds(build_.guards.limits().max_clock_skew_seconds);
  std::set<std::string> digests;
  for (size_t i = 0; i < build_.files.files.size(); ++i) {
    const storage::File& file = build_.files.files[i];
    areas_.emplace(file.name(), AreasOf(i));
    if (FromMicros(file.obtained_at()) > latest) {
      build_.guards.NoteFile(
          file.name(),
          {.guard = Guard::kFutureDate,
           .message = StrCat(file.name(), ": its date, ", Date(FromMicros(file.obtained_at())),
                             ", lies in the future; it is ", Date(build_.base.now), " now"),
           .since = build_.base.now});
    }
    // A change list without a change is like any other one.
    if (file.records() == 0) continue;
    if (!digests.insert(file.sha256()).second) {
      build_.guards.NoteFile(
          file.name(),
          {.guard = Guard::kSameFile,
           .message = StrCat(file.name(), ": the same file stands twice in this load")});
    }
    CheckSameFile(i);
  }
}

// The same bytes say nothing new of an area code that has them. Where its data is damaged or gone
// they are what is needed; the other area codes of such a full list stay as they are.
void FileGuard::CheckSameFile(size_t file) {
  const storage::File& record = build_.files.files[file];
  const std::set<int> area_codes = AreasOf(file);
  std::set<int> known;
  const PastFile* first = nullptr;
  for (const PastFile& past : past_.all()) {
    if (past.file.sha256() != record.sha256()) continue;
    for (const int area_code : area_codes) {
      if (!past_.InEffect(past, area_code) && !HasNewerThan(record, area_code)) continue;
      known.insert(area_code);
      if (first == nullptr) first = &past;
    }
  }
  if (first == nullptr) return;
  if (known.size() == area_codes.size()) {
    build_.guards.NoteFile(
        record.name(), {.guard = Guard::kSameFile,
                        .message = StrCat(record.name(), ": the same bytes are loaded already, as ",
                                          first->file.name(), " in release ", first->release_id,
                                          "; leave this file out"),
                        .since = FromMicros(first->file.obtained_at())});
    return;
  }
  if (build_.before.covers_all()) return;
  for (ParsedFull& full : build_.files.full) {
    if (full.file != file) continue;
    for (const int area_code : known) full.areas.erase(area_code);
    build_.repeated.insert(known.begin(), known.end());
  }
}

bool FileGuard::HasNewerThan(const storage::File& file, int area_code) const {
  const auto seal = build_.before.seals.find(area_code);
  const bool full = static_cast<FileKind>(file.kind()) == FileKind::kFull;
  return full && seal != build_.before.seals.end() && !build_.before.damaged[area_code] &&
         seal->second.full_obtained_at() > file.obtained_at();
}

std::set<int> FileGuard::AreasOf(const std::string& name) const {
  std::set<int> area_codes;
  const auto [first, last] = areas_.equal_range(name);
  for (auto file = first; file != last; ++file) {
    area_codes.insert(file->second.begin(), file->second.end());
  }
  return area_codes;
}

std::set<int> FileGuard::AreasOf(size_t file) const {
  std::set<int> area_codes;
  for (const ParsedFull& full : build_.files.full) {
    if (full.file != file) continue;
    for (const auto& [area_code, numbers] : full.areas) area_codes.insert(area_code);
  }
  for (const ParsedChanges& list : build_.files.changes) {
    if (list.file != file) continue;
    if (list.area_code.has_value()) area_codes.insert(*list.area_code);
    for (const ChangeRecord& record : list.records) area_codes.insert(AreaCodeOf(record.number));
  }
  return area_codes;
}

}  // namespace dnc
