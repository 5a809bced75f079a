#include "server/intake/change_lists.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/numbers/phone_number.h"
#include "server/registry/change_time.h"
#include "server/registry/stored_values.h"

namespace dnc {
namespace {

absl::Status NoBase(std::string_view message) { return Error(reason::kNoBase, message); }

// Whether a change is of the day on which the full list was obtained, and may be earlier than that.
bool IsOfDayOfFull(int64_t at_micros, int64_t full_at) {
  return at_micros >= full_at - full_at % kDayMicros && MayPrecedeFull(at_micros, full_at);
}

}  // namespace

absl::Status ChangeLists::Apply() {
  if (build_.files.changes.empty()) return absl::OkStatus();
  if (before_.covers_all()) {
    return Error(reason::kBadFile,
                 StrCat("list ", before_.name, " is loaded from full lists only"));
  }
  if (!before_.loaded() && build_.full.empty()) {
    return NoBase("a change list needs the full list that it changes; load that first");
  }
  dates_.NotePastLists();
  for (const ParsedChanges& list : build_.files.changes) DNC_RETURN_IF_ERROR(ApplyList(list));
  return absl::OkStatus();
}

absl::Status ChangeLists::ApplyList(const ParsedChanges& list) {
  std::map<int, std::vector<TimedChange>> sorted = Sort(list);
  const ChangeDates::ListPace pace = dates_.PaceOf(list, sorted);
  const std::map<int, std::string> gaps = dates_.Gaps(list, pace);
  dates_.Check(list, pace, gaps);
  Tally tally;
  for (auto& [area_code, changes] : sorted) {
    DNC_RETURN_IF_ERROR(DropSuperseded(area_code, changes, tally));
    const uint64_t known = KnownToFull(area_code, changes);
    const AppliedChanges applied = build_.Area(area_code).Apply(changes);
    tally.numbers += applied.numbers - known;
    tally.no_effect += applied.no_effect - known;
    tally.not_believed += known;
  }
  dates_.Refresh(list, pace, gaps);
  dates_.NoteApplied(list, pace);
  CheckMisfit(list, tally);
  all_no_effect_ += tally.no_effect + tally.not_believed;
  return absl::OkStatus();
}

std::map<int, std::vector<TimedChange>> ChangeLists::Sort(const ParsedChanges& list) {
  // Each area code is asked once, since there are millions of records.
  std::vector<std::optional<bool>> takes(kAreaCodes);
  std::vector<std::vector<TimedChange>> by_area(kAreaCodes);
  uint64_t outside = 0;
  int first_outside = 0;
  for (const ChangeRecord& record : list.records) {
    const int area_code = AreaCodeOf(record.number);
    std::optional<bool>& taken = takes[area_code];
    if (!taken.has_value())
      taken = build_.Covers(area_code) && build_.vanished.count(area_code) == 0;
    if (!*taken) {
      if (outside++ == 0) first_outside = area_code;
      continue;
    }
    by_area[area_code].push_back(
        {SubscriberOf(record.number), record.added, ToMicros(record.time)});
  }
  if (outside > 0) {
    const std::string& name = build_.files.files[list.file].name();
    build_.guards.NoteFile(
        name, {.guard = Guard::kOutsideBase,
               .message = StrCat(name, ": ", outside,
                                 " changes are for area codes without a loaded, verified full "
                                 "list, the first is ",
                                 first_outside,
                                 "; load their full lists first. With the override they are left "
                                 "out"),
               .of = list.records.size()});
  }
  std::map<int, std::vector<TimedChange>> sorted;
  for (int area_code = 0; area_code < kAreaCodes; ++area_code) {
    if (by_area[area_code].empty()) continue;
    std::vector<TimedChange>& changes = sorted[area_code] = std::move(by_area[area_code]);
    std::stable_sort(changes.begin(), changes.end(),
                     [](const TimedChange& a, const TimedChange& b) {
                       return Supersedes(b.added, b.at_micros, a.added, a.at_micros);
                     });
  }
  return sorted;
}

// Drops changes of a list that comes late, where they would undo what is known to be later: what a
// later change said of the number, or that a full list obtained since, or perhaps since, holds it.
absl::Status ChangeLists::DropSuperseded(int area_code, std::vector<TimedChange>& changes,
                                         Tally& tally) {
  AreaBuilder& area = build_.Area(area_code);
  const storage::Seal& seal = area.seal();
  const int64_t full_at = seal.full_obtained_at();
  // After every full list there are some changes of its own day, so they don't show that the change
  // list does not fit. Where the full list has a moment, only those count that it agrees with.
  const bool day_alone = IsMidnight(FromMicros(full_at));
  const auto uncertain = [&](const TimedChange& change) {
    return !change.added && IsOfDayOfFull(change.at_micros, full_at) &&
           (day_alone || !area.numbers()->Contains(change.subscriber));
  };
  tally.not_believed += static_cast<uint64_t>(std::erase_if(changes, uncertain));
  if (changes.empty()) return absl::OkStatus();
  AreaHistoryPtr history;
  if (LatestMomentUpTo(seal.last_event_at()) >= changes.front().at_micros) {
    DNC_ASSIGN_OR_RETURN(history,
                         build_.base.histories->Get(*build_.base.state, before_, area_code));
  }
  const auto superseded = [&](const TimedChange& change) {
    if (!change.added && MayPrecedeFull(change.at_micros, full_at)) return true;
    // What came later than this may be cut off.
    if (!change.added && change.at_micros <= ToMicros(before_.life.history_since)) return true;
    // Another change list of the same load told of something later.
    if (area.IsSuperseded(change.subscriber, change.added, change.at_micros)) return true;
    if (history == nullptr) return false;
    const auto supersedes = [&change](const AreaEvent& event) {
      return event.exact &&
             Supersedes(event.added, event.at_micros, change.added, change.at_micros);
    };
    const auto events = history->Of(change.subscriber);
    const auto repeated = history->RepeatedOf(change.subscriber);
    return std::any_of(events.begin(), events.end(), supersedes) ||
           std::any_of(repeated.begin(), repeated.end(), supersedes);
  };
  const auto end = std::remove_if(changes.begin(), changes.end(), superseded);
  const auto dropped = static_cast<uint64_t>(changes.end() - end);
  changes.erase(end, changes.end());
  tally.no_effect += dropped;
  tally.numbers += dropped;
  return absl::OkStatus();
}

uint64_t ChangeLists::KnownToFull(int area_code, const std::vector<TimedChange>& changes) {
  const AreaBuilder& area = build_.Area(area_code);
  const auto is_known = [&area](const TimedChange& change) {
    return change.added && IsOfDayOfFull(change.at_micros, area.seal().full_obtained_at()) &&
           area.numbers()->Contains(change.subscriber);
  };
  // The changes of most lists are all later.
  if (std::none_of(changes.begin(), changes.end(), is_known)) return 0;
  std::map<uint32_t, bool> known;
  for (const TimedChange& change : changes) {
    bool& all = known.try_emplace(change.subscriber, true).first->second;
    all = all && is_known(change);
  }
  return static_cast<uint64_t>(
      std::count_if(known.begin(), known.end(), [](const auto& number) { return number.second; }));
}

void ChangeLists::CheckMisfit(const ParsedChanges& list, const Tally& tally) {
  const double allowed = static_cast<double>(tally.numbers) * build_.guards.limits().max_misfit;
  if (static_cast<double>(tally.no_effect) <= allowed) return;
  const std::string& name = build_.files.files[list.file].name();
  build_.guards.NoteFile(
      name,
      {.guard = Guard::kMisfit,
       .message = StrCat(name, ": the change list does not fit its base: ", tally.no_effect, " of ",
                         tally.numbers,
                         " numbers are added though listed, deleted though not listed, or deleted "
                         "before the full list that still holds them was obtained"),
       .of = tally.numbers});
}

}  // namespace dnc
