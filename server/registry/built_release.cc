#include "server/registry/built_release.h"

#include <algorithm>
#include <set>

#include "absl/time/time.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/data_age.h"
#include "server/registry/release_builder.h"

namespace dnc {

AreaBuilder& ReleaseBuilder::Area(int area_code) {
  const auto it = areas_.find(area_code);
  if (it != areas_.end()) return it->second;
  const bool trusted = before_.Covers(area_code) && !before_.damaged[area_code];
  const auto seal = before_.seals.find(area_code);
  if (trusted && seal != before_.seals.end()) {
    return areas_.try_emplace(area_code, seal->second, before_.numbers.area(area_code), true)
        .first->second;
  }
  storage::Seal fresh;
  fresh.set_area_code(static_cast<uint32_t>(area_code));
  if (!trusted) return areas_.try_emplace(area_code, fresh, nullptr, false).first->second;
  // A list that covers all: so far without a number in this area code.
  fresh.set_first_release(before_.whole_first_release);
  fresh.set_history_since(ToMicros(before_.whole_history_since));
  fresh.set_history_changes(0);
  return areas_.try_emplace(area_code, fresh, AreaSetBuilder().Build(), true).first->second;
}

bool ReleaseBuilder::CoversNow(int area_code) { return Area(area_code).covered(); }

absl::Status ReleaseBuilder::ReadPastFiles() {
  const std::vector<uint64_t> lineage = Lineage(*in_.state, before_.head.id());
  const std::set<uint64_t> in_lineage(lineage.begin(), lineage.end());
  for (const auto& [id, head] : in_.state->releases) {
    if (head->list_id() != before_.list_id) continue;
    DNC_ASSIGN_OR_RETURN(const storage::Release release, in_.store->ReadRelease(id));
    for (const storage::File& file : release.files()) {
      past_files_.push_back({id, in_lineage.count(id) != 0, file});
      if (past_files_.back().in_lineage) NoteSpan(file);
    }
  }
  return absl::OkStatus();
}

bool ReleaseBuilder::InEffect(const PastFile& past, int area_code) const {
  if (!past.in_lineage || before_.damaged[area_code]) return false;
  const auto seal = before_.seals.find(area_code);
  if (seal == before_.seals.end()) return before_.covers_all();
  return past.release_id >= seal->second.first_release();
}

bool ReleaseBuilder::HasNewerThan(const storage::File& file, int area_code) const {
  const auto seal = before_.seals.find(area_code);
  const bool full = static_cast<FileKind>(file.kind()) == FileKind::kFull;
  return full && seal != before_.seals.end() && !before_.damaged[area_code] &&
         seal->second.full_obtained_at() > file.obtained_at();
}

std::set<int> ReleaseBuilder::AreasOf(size_t file) const {
  std::set<int> area_codes;
  for (const ParsedFull& full : staged_.full) {
    if (full.file != file) continue;
    for (const auto& [area_code, numbers] : full.areas) area_codes.insert(area_code);
  }
  for (const ParsedChanges& list : staged_.changes) {
    if (list.file != file) continue;
    if (list.area_code.has_value()) area_codes.insert(*list.area_code);
    for (const ChangeRecord& record : list.records) area_codes.insert(AreaCodeOf(record.number));
  }
  return area_codes;
}

// The same bytes say nothing new of an area code that has them. Where its data is damaged or gone
// they are what is needed; the other area codes of such a full list stay as they are.
void ReleaseBuilder::CheckSameFile(size_t file) {
  const storage::File& record = staged_.files[file];
  const std::set<int> area_codes = AreasOf(file);
  std::set<int> known;
  const PastFile* first = nullptr;
  for (const PastFile& past : past_files_) {
    if (past.file.sha256() != record.sha256()) continue;
    for (const int area_code : area_codes) {
      if (!InEffect(past, area_code) && !HasNewerThan(record, area_code)) continue;
      known.insert(area_code);
      if (first == nullptr) first = &past;
    }
  }
  if (first == nullptr) return;
  if (known.size() == area_codes.size()) {
    guards_.NoteFile(record.name(),
                     {.guard = Guard::kSameFile,
                      .message = StrCat(record.name(), ": the same bytes are loaded already, as ",
                                        first->file.name(), " in release ", first->release_id,
                                        "; leave this file out"),
                      .since = FromMicros(first->file.obtained_at())});
    return;
  }
  if (before_.covers_all()) return;
  for (ParsedFull& full : staged_.full) {
    if (full.file != file) continue;
    for (const int area_code : known) full.areas.erase(area_code);
    repeated_.insert(known.begin(), known.end());
  }
}

absl::Status ReleaseBuilder::CheckFiles() {
  DNC_RETURN_IF_ERROR(ReadPastFiles());
  const absl::Time latest = in_.now + absl::Seconds(guards_.limits().max_clock_skew_seconds);
  std::set<std::string> digests;
  for (size_t i = 0; i < staged_.files.size(); ++i) {
    const storage::File& file = staged_.files[i];
    file_areas_.emplace(file.name(), AreasOf(i));
    if (FromMicros(file.obtained_at()) > latest) {
      guards_.NoteFile(
          file.name(),
          {.guard = Guard::kFutureDate,
           .message = StrCat(file.name(), ": its date, ", Date(FromMicros(file.obtained_at())),
                             ", lies in the future; it is ", Date(in_.now), " now"),
           .since = in_.now});
    }
    // A change list without a change is like any other one.
    if (file.records() == 0) continue;
    if (!digests.insert(file.sha256()).second) {
      guards_.NoteFile(
          file.name(),
          {.guard = Guard::kSameFile,
           .message = StrCat(file.name(), ": the same file stands twice in this load")});
    }
    CheckSameFile(i);
  }
  return absl::OkStatus();
}

void ReleaseBuilder::FillRelease(ListState& list, storage::Release& release) const {
  release.set_id(in_.release_id);
  release.set_list_id(list.list_id);
  release.set_list(list.name);
  // After a release that cannot be read, history starts anew.
  release.set_parent_id(before_.damaged.all() ? 0 : before_.head.id());
  release.set_digest(DigestOfSeals(list.seals).ToHex());
  release.set_no_effect(all_no_effect_);
  int64_t oldest = ToMicros(list.covers_all() ? list.whole_obtained_at : absl::InfiniteFuture());
  int64_t newest = ToMicros(list.covers_all() ? list.whole_obtained_at : absl::InfinitePast());
  uint64_t numbers = 0;
  for (const auto& [area_code, seal] : list.seals) {
    numbers += seal.count();
    if (list.covers_all()) continue;
    oldest = std::min<int64_t>(oldest, seal.obtained_at());
    newest = std::max<int64_t>(newest, seal.obtained_at());
  }
  release.set_numbers(numbers);
  release.set_area_codes(list.covers_all() ? 0 : static_cast<uint32_t>(list.seals.size()));
  release.set_obtained_at_oldest(oldest);
  release.set_obtained_at_newest(newest);
  list.head = release;
  for (const storage::File& file : staged_.files) *release.add_files() = file;
}

// What needs the changes of releases that the limit will soon cut off is written whole.
void ReleaseBuilder::RebaseOld() {
  for (const auto& [area_code, seal] : before_.seals) {
    if (seal.chain_length() == 0 || seal.generation() >= in_.rebase_below) continue;
    if (before_.damaged[area_code] || vanished_.count(area_code) != 0) continue;
    Area(area_code).Rebase();
  }
}

absl::StatusOr<BuiltRelease> ReleaseBuilder::Finish() {
  RebaseOld();
  BuiltRelease draft;
  draft.list = std::make_shared<ListState>(before_);
  ListState& list = *draft.list;
  uint64_t added = 0;
  uint64_t deleted = 0;
  for (auto& [area_code, area] : areas_) {
    if (!area.covered() || vanished_.count(area_code) != 0) continue;
    area.Finish(in_.release_id, draft.content);
    list.seals[area_code] = area.seal();
    list.numbers.set_area(area_code, area.numbers());
    list.damaged[area_code] = false;
    list.vanished[area_code] = false;
    added += area.added();
    deleted += area.deleted();
  }
  for (const int area_code : vanished_) {
    list.seals.erase(area_code);
    list.numbers.set_area(area_code, nullptr);
    list.damaged[area_code] = false;
    list.vanished[area_code] = true;
  }
  if (list.covers_all()) {
    list.damaged.reset();
    list.whole_obtained_at = whole_obtained_at_;
    if (!before_.loaded() || before_.whole_first_release == 0) {
      list.whole_first_release = in_.release_id;
      list.whole_history_since = list.whole_obtained_at;
    }
  }
  draft.release.set_added(added);
  draft.release.set_deleted(deleted);
  FillRelease(list, draft.release);
  for (const auto& [area_code, staged] : full_) draft.reloaded.insert(area_code);
  NoteBrought(*in_.state, before_, draft.reloaded, in_.now, list);
  draft.plan = ComparePlan(*in_.state, before_, list, *in_.policy, in_.askers, in_.now);
  CountFindings(draft.plan);
  return draft;
}

void ReleaseBuilder::CountFindings(const LoadPlan& plan) {
  std::map<int, uint64_t> callable;
  for (const AreaPlan& area : plan.areas) callable[area.area_code] = area.becomes_callable;
  for (GuardFinding& finding : guards_.findings()) {
    if (finding.area_code != 0) {
      const auto area = callable.find(finding.area_code);
      finding.becomes_callable = area == callable.end() ? 0 : area->second;
    } else if (finding.file.empty() || before_.covers_all()) {
      finding.becomes_callable = plan.becomes_callable;
    } else {
      const auto [first, last] = file_areas_.equal_range(finding.file);
      std::set<int> area_codes;
      for (auto file = first; file != last; ++file) {
        area_codes.insert(file->second.begin(), file->second.end());
      }
      for (const int area_code : area_codes) {
        const auto area = callable.find(area_code);
        if (area != callable.end()) finding.becomes_callable += area->second;
      }
    }
  }
}

absl::StatusOr<BuiltRelease> BuildRelease(const BuilderInputs& inputs, ParsedFiles staged,
                                          GuardCheck& guards) {
  ReleaseBuilder drafter(inputs, std::move(staged), guards);
  DNC_RETURN_IF_ERROR(drafter.CheckFiles());
  DNC_RETURN_IF_ERROR(drafter.ApplyFullLists());
  DNC_RETURN_IF_ERROR(drafter.ApplyChangeLists());
  drafter.CheckLosses();
  return drafter.Finish();
}

}  // namespace dnc
