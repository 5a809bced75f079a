#include "server/registry/release_draft.h"

#include <algorithm>
#include <set>

#include "absl/time/time.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/drafter.h"

namespace dnc {

AreaDraft& Drafter::Area(int area_code) {
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

bool Drafter::CoversNow(int area_code) { return Area(area_code).covered(); }

absl::Status Drafter::CheckFiles() {
  const absl::Time latest = in_.now + absl::Seconds(guards_.limits().max_clock_skew_seconds);
  std::set<std::string> digests;
  for (const storage::File& file : staged_.files) {
    if (FromMicros(file.obtained_at()) > latest) {
      DNC_RETURN_IF_ERROR(
          guards_.Refuse(Guard::kFutureDate,
                         StrCat(file.name(), ": its date, ", Date(FromMicros(file.obtained_at())),
                                ", lies in the future")));
    }
    if (!digests.insert(file.sha256()).second) {
      DNC_RETURN_IF_ERROR(guards_.Refuse(
          Guard::kSameFile, StrCat(file.name(), ": the same file stands twice in this load")));
      repeated_file_ = true;
    }
  }
  for (const uint64_t id : Lineage(*in_.world, before_.head.id())) {
    DNC_ASSIGN_OR_RETURN(const storage::Release release, in_.store->ReadRelease(id));
    for (const storage::File& old : release.files()) {
      if (digests.count(old.sha256()) == 0) continue;
      DNC_RETURN_IF_ERROR(guards_.Refuse(
          Guard::kSameFile, StrCat("the same bytes are loaded already, as ", old.name(),
                                   " in release ", id, "; leave this file out")));
      repeated_file_ = true;
    }
  }
  return absl::OkStatus();
}

absl::Status Drafter::CheckShrink(int area_code, uint64_t before, uint64_t after) {
  const double allowed = static_cast<double>(before) * guards_.limits().max_shrink;
  if (after >= before || static_cast<double>(before - after) <= allowed) return absl::OkStatus();
  const std::string what =
      area_code < 0 ? StrCat("list ", before_.name) : StrCat("area code ", area_code);
  return guards_.Refuse(Guard::kShrink,
                        StrCat(what, " would shrink from ", before, " numbers to ", after));
}

absl::Status Drafter::ReplaceArea(int area_code, const StagedArea& staged) {
  AreaDraft& area = Area(area_code);
  const int64_t obtained_at = ToMicros(staged.obtained_at);
  if (area.covered() && obtained_at < area.seal().obtained_at() && !before_.covers_all()) {
    DNC_RETURN_IF_ERROR(guards_.Refuse(
        Guard::kOlderDate,
        StrCat("area code ", area_code, ": the file is of ", Date(staged.obtained_at),
               ", but data of ", Date(FromMicros(area.seal().obtained_at())), " is loaded")));
  }
  if (area.covered() && !before_.covers_all()) {
    DNC_RETURN_IF_ERROR(CheckShrink(area_code, area.numbers()->size(), staged.numbers->size()));
  }
  DNC_ASSIGN_OR_RETURN(AreaSetPtr numbers, WithLaterAdditions(area_code, staged));
  area.ReplaceBy(std::move(numbers), obtained_at, in_.release_id);
  area.seal().set_source(staged.labelled ? 0 : in_.release_id << 16 | staged.file);
  return absl::OkStatus();
}

// Change lists tell of moments after their own date, and a full list may be older than one that is
// loaded already: it cannot know of what was added after it.
absl::StatusOr<AreaSetPtr> Drafter::WithLaterAdditions(int area_code, const StagedArea& staged) {
  const AreaDraft& area = Area(area_code);
  const int64_t obtained_at = ToMicros(staged.obtained_at);
  if (!area.covered() || area.seal().last_event_at() <= obtained_at) return staged.numbers;
  // What is cut off may have told of a later addition.
  const bool whole = ToMicros(before_.life.history_since) <= obtained_at;
  DNC_ASSIGN_OR_RETURN(const AreaHistoryPtr history,
                       in_.histories->Get(*in_.world, before_, area_code));
  std::vector<Change> later;
  ForEachDifference(area.numbers().get(), staged.numbers.get(), [&](Change change) {
    if (change.added) return;
    const auto events = history->Of(change.subscriber);
    const auto last = std::find_if(events.rbegin(), events.rend(),
                                   [](const AreaEvent& event) { return event.exact; });
    const auto repeated = history->RepeatedOf(change.subscriber);
    const bool again = std::any_of(
        repeated.begin(), repeated.end(),
        [obtained_at](const AreaEvent& event) { return event.at_micros > obtained_at; });
    const bool kept = last == events.rend() ? !whole : last->added && last->at_micros > obtained_at;
    if (kept || again) later.push_back({change.subscriber, true});
  });
  return WithChanges(staged.numbers, later).set;
}

// A list that covers all: what the files don't hold is on it no longer.
absl::Status Drafter::ReplaceWholeList() {
  if (staged_.areas.empty()) return absl::OkStatus();
  absl::Time oldest = absl::InfiniteFuture();
  uint64_t after = 0;
  for (const auto& [area_code, staged] : staged_.areas) {
    oldest = std::min(oldest, staged.obtained_at);
    after += staged.numbers->size();
  }
  if (before_.loaded() && oldest < before_.whole_obtained_at) {
    DNC_RETURN_IF_ERROR(
        guards_.Refuse(Guard::kOlderDate, StrCat("the data is of ", Date(oldest), ", but data of ",
                                                 Date(before_.whole_obtained_at), " is loaded")));
  }
  DNC_RETURN_IF_ERROR(CheckShrink(-1, before_.numbers.size(), after));
  for (const auto& [area_code, seal] : before_.seals) {
    if (staged_.areas.count(area_code) == 0) {
      staged_.areas[area_code] = {AreaSetBuilder().Build(), oldest, /*labelled=*/false, 0};
    }
  }
  for (auto& [area_code, staged] : staged_.areas) staged.obtained_at = oldest;
  return absl::OkStatus();
}

absl::Status Drafter::ApplyFullLists() {
  if (before_.covers_all()) DNC_RETURN_IF_ERROR(ReplaceWholeList());
  for (const auto& [area_code, staged] : staged_.areas) {
    DNC_RETURN_IF_ERROR(ReplaceArea(area_code, staged));
  }
  return before_.covers_all() ? absl::OkStatus() : DropVanished();
}

// A file that replaces an area code of an earlier file should have that file's others too.
absl::Status Drafter::DropVanished() {
  std::set<uint64_t> replaced;
  for (const auto& [area_code, staged] : staged_.areas) {
    const auto seal = before_.seals.find(area_code);
    if (staged.labelled || seal == before_.seals.end() || seal->second.source() == 0) continue;
    replaced.insert(seal->second.source());
  }
  for (const auto& [area_code, seal] : before_.seals) {
    if (replaced.count(seal.source()) != 0 && staged_.areas.count(area_code) == 0) {
      vanished_.insert(area_code);
    }
  }
  if (vanished_.empty()) return absl::OkStatus();
  return guards_.Refuse(
      Guard::kVanished,
      StrCat(vanished_.size(),
             " area codes of the file that this one replaces are missing from it, "
             "the first is ",
             *vanished_.begin(), "; with the override they are no longer covered"));
}

void Drafter::FillRelease(ListState& list, storage::Release& release) const {
  release.set_id(in_.release_id);
  release.set_list_id(list.list_id);
  release.set_list(list.name);
  // After a release that cannot be read, history starts anew.
  release.set_parent_id(before_.damaged.all() ? 0 : before_.head.id());
  release.set_digest(DigestOfSeals(list.seals).ToHex());
  release.set_no_effect(no_effect_);
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
void Drafter::RebaseOld() {
  for (const auto& [area_code, seal] : before_.seals) {
    if (seal.chain_length() == 0 || seal.generation() >= in_.rebase_below) continue;
    if (before_.damaged[area_code] || vanished_.count(area_code) != 0) continue;
    Area(area_code).Rebase();
  }
}

absl::StatusOr<ReleaseDraft> Drafter::Finish() {
  RebaseOld();
  ReleaseDraft draft;
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
    list.whole_obtained_at = staged_.areas.begin()->second.obtained_at;
    if (!before_.loaded() || before_.whole_first_release == 0) {
      list.whole_first_release = in_.release_id;
      list.whole_history_since = list.whole_obtained_at;
    }
  }
  draft.release.set_added(added);
  draft.release.set_deleted(deleted);
  FillRelease(list, draft.release);
  return draft;
}

absl::StatusOr<ReleaseDraft> DraftRelease(const DraftInputs& inputs, StagedFiles staged,
                                          GuardCheck& guards) {
  Drafter drafter(inputs, std::move(staged), guards);
  DNC_RETURN_IF_ERROR(drafter.CheckFiles());
  DNC_RETURN_IF_ERROR(drafter.ApplyFullLists());
  DNC_RETURN_IF_ERROR(drafter.ApplyChangeLists());
  return drafter.Finish();
}

}  // namespace dnc
