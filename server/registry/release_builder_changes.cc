// The drafter's part for change lists.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/registry_file.h"
#include "server/registry/release_builder.h"

namespace dnc {
namespace {

absl::Status NoBase(std::string_view message) { return Error(reason::kNoBase, message); }

// Whether a change is of the day on which the full list was obtained, and may be earlier than that.
bool IsOfDayOfFull(int64_t at_micros, int64_t full_at) {
  return at_micros >= full_at - full_at % kDayMicros && MayPrecedeFull(at_micros, full_at);
}

}  // namespace

absl::StatusOr<std::map<int, std::vector<TimedChange>>> ReleaseBuilder::Sort(
    const ParsedChanges& list) {
  // Asked once an area code: the records are millions.
  std::vector<std::optional<bool>> takes(kAreaCodes);
  std::vector<std::vector<TimedChange>> by_area(kAreaCodes);
  uint64_t outside = 0;
  int first_outside = 0;
  for (const ChangeRecord& record : list.records) {
    const int area_code = AreaCodeOf(record.number);
    std::optional<bool>& taken = takes[area_code];
    if (!taken.has_value()) taken = CoversNow(area_code) && vanished_.count(area_code) == 0;
    if (!*taken) {
      if (outside++ == 0) first_outside = area_code;
      continue;
    }
    by_area[area_code].push_back(
        {SubscriberOf(record.number), record.added, ToMicros(record.time)});
  }
  if (outside > 0) {
    const std::string& name = staged_.files[list.file].name();
    guards_.NoteFile(
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

// A change list that comes late must not undo what is known to be later: what a later change said
// of the number, or that a full list obtained since still holds it, or may have been.
absl::Status ReleaseBuilder::DropSuperseded(int area_code, std::vector<TimedChange>& changes) {
  AreaBuilder& area = Area(area_code);
  const storage::Seal& seal = area.seal();
  const int64_t full_at = seal.full_obtained_at();
  // After every full list there are some of its own day, so they don't show that the list does not
  // fit. Of a moment it is only what the full list agrees with.
  const bool day_alone = IsMidnight(FromMicros(full_at));
  const auto uncertain = [&](const TimedChange& change) {
    return !change.added && IsOfDayOfFull(change.at_micros, full_at) &&
           (day_alone || !area.numbers()->Contains(change.subscriber));
  };
  not_believed_ += static_cast<uint64_t>(std::erase_if(changes, uncertain));
  if (changes.empty()) return absl::OkStatus();
  AreaHistoryPtr history;
  if (LatestMomentUpTo(seal.last_event_at()) >= changes.front().at_micros) {
    DNC_ASSIGN_OR_RETURN(history, in_.histories->Get(*in_.state, before_, area_code));
  }
  const auto superseded = [&](const TimedChange& change) {
    if (!change.added && MayPrecedeFull(change.at_micros, full_at)) return true;
    // What came later than this may be cut off.
    if (!change.added && change.at_micros <= ToMicros(before_.life.history_since)) return true;
    // Another change list of the same load.
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
  no_effect_ += dropped;
  changed_numbers_ += dropped;
  return absl::OkStatus();
}

// Numbers that the changes add on the day of the full list, and that are listed: it knew of them.
uint64_t ReleaseBuilder::KnownToFull(int area_code, const std::vector<TimedChange>& changes) {
  const AreaBuilder& area = Area(area_code);
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

std::set<int> ReleaseBuilder::BaseAreas() const {
  std::set<int> area_codes;
  for (const auto& [area_code, seal] : before_.seals) {
    if (vanished_.count(area_code) == 0) area_codes.insert(area_code);
  }
  for (const auto& [area_code, staged] : full_) area_codes.insert(area_code);
  return area_codes;
}

absl::Status ReleaseBuilder::ApplyChangeList(const ParsedChanges& list) {
  changed_numbers_ = no_effect_ = not_believed_ = 0;
  DNC_ASSIGN_OR_RETURN(auto sorted, Sort(list));
  const Pace pace = PaceOf(list, sorted);
  const std::map<int, std::string> gaps = Gaps(list, pace);
  CheckChangeDates(list, pace, gaps);
  for (auto& [area_code, changes] : sorted) {
    DNC_RETURN_IF_ERROR(DropSuperseded(area_code, changes));
    const uint64_t known = KnownToFull(area_code, changes);
    const AppliedChanges applied = Area(area_code).Apply(changes);
    changed_numbers_ += applied.numbers - known;
    no_effect_ += applied.no_effect - known;
    not_believed_ += known;
  }
  for (const int area_code : BaseAreas()) {
    if (pace.thin) break;  // what it holds counts, and it makes nothing younger
    if (pace.areas.count(area_code) != 0) {
      Refresh(area_code, pace);
    } else if (gaps.count(area_code) == 0 && list.SpeaksFor(area_code)) {
      RefreshBySilence(area_code, pace);
    }
  }
  storage::File& file = staged_.files[list.file];
  if (pace.told.has_value()) file.set_told_until(ToMicros(*pace.told));
  NoteSpan(file);
  change_dates_.push_back(ToMicros(list.obtained_at));
  CheckMisfit(list);
  all_no_effect_ += no_effect_ + not_believed_;
  return absl::OkStatus();
}

absl::Status ReleaseBuilder::ApplyChangeLists() {
  if (staged_.changes.empty()) return absl::OkStatus();
  if (before_.covers_all()) {
    return Error(reason::kBadFile,
                 StrCat("list ", before_.name, " is loaded from full lists only"));
  }
  if (!before_.loaded() && full_.empty()) {
    return NoBase("a change list needs the full list that it changes; load that first");
  }
  for (const ParsedChanges& list : staged_.changes) DNC_RETURN_IF_ERROR(ApplyChangeList(list));
  return absl::OkStatus();
}

void ReleaseBuilder::CheckMisfit(const ParsedChanges& list) {
  const double allowed = static_cast<double>(changed_numbers_) * guards_.limits().max_misfit;
  if (static_cast<double>(no_effect_) <= allowed) return;
  const std::string& name = staged_.files[list.file].name();
  guards_.NoteFile(
      name,
      {.guard = Guard::kMisfit,
       .message = StrCat(name, ": the change list does not fit its base: ", no_effect_, " of ",
                         changed_numbers_,
                         " numbers are added though listed, deleted though not listed, or deleted "
                         "before the full list that still holds them was obtained"),
       .of = changed_numbers_});
}

}  // namespace dnc
