// The drafter's part for change lists.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/drafter.h"

namespace dnc {
namespace {

absl::Status NoBase(std::string_view message) {
  return Error(absl::StatusCode::kFailedPrecondition, reason::kNoBase, message);
}

// Whether an area code that the list does not name has no changes, rather than being left out.
bool SpeaksFor(const StagedChanges& list, int area_code) {
  return !list.area_code.has_value() || *list.area_code == area_code;
}

// How long after the date of a change list its changes may be: the date is the start of a day, and
// the time zone of the changes is not known.
constexpr absl::Duration kChangesLater = absl::Hours(48);

// When the changes begin; InfiniteFuture without any. A hundredth of them may be older: a few
// stragglers do not show that nothing is missing after them.
absl::Time FirstChange(const StagedChanges& list) {
  if (list.records.empty()) return absl::InfiniteFuture();
  std::vector<absl::Time> times;
  times.reserve(list.records.size());
  for (const ChangeRecord& record : list.records) times.push_back(record.time);
  const auto first = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 100);
  std::nth_element(times.begin(), first, times.end());
  return *first;
}

// InfinitePast without any.
absl::Time LastChange(const StagedChanges& list) {
  absl::Time last = absl::InfinitePast();
  for (const ChangeRecord& record : list.records) last = std::max(last, record.time);
  return last;
}

}  // namespace

absl::StatusOr<std::map<int, std::vector<TimedChange>>> Drafter::Sort(const StagedChanges& list) {
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
    DNC_RETURN_IF_ERROR(guards_.Refuse(
        Guard::kOutsideBase,
        StrCat(outside,
               " changes are for area codes without a loaded, verified full list, the "
               "first is ",
               first_outside, "; load their full lists first")));
  }
  std::map<int, std::vector<TimedChange>> sorted;
  for (int area_code = 0; area_code < kAreaCodes; ++area_code) {
    if (by_area[area_code].empty()) continue;
    std::vector<TimedChange>& changes = sorted[area_code] = std::move(by_area[area_code]);
    std::stable_sort(changes.begin(), changes.end(),
                     [](const TimedChange& a, const TimedChange& b) {
                       return Supersedes(b.added, b.at_micros, a.added, a.at_micros);
                     });
    DNC_RETURN_IF_ERROR(DropSuperseded(area_code, changes));
  }
  return sorted;
}

// A change list that comes late must not undo what is known to be later: what a later change said
// of the number, or that a full list obtained since still holds it.
absl::Status Drafter::DropSuperseded(int area_code, std::vector<TimedChange>& changes) {
  AreaDraft& area = Area(area_code);
  const storage::Seal& seal = area.seal();
  const int64_t full_at = seal.full_obtained_at();
  AreaHistoryPtr history;
  if (seal.last_event_at() >= changes.front().at_micros) {
    DNC_ASSIGN_OR_RETURN(history, in_.histories->Get(*in_.world, before_, area_code));
  }
  const auto superseded = [&](const TimedChange& change) {
    if (!change.added && change.at_micros <= full_at) return true;
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

std::set<int> Drafter::BaseAreas() const {
  std::set<int> area_codes;
  for (const auto& [area_code, seal] : before_.seals) {
    if (vanished_.count(area_code) == 0) area_codes.insert(area_code);
  }
  for (const auto& [area_code, staged] : staged_.areas) area_codes.insert(area_code);
  return area_codes;
}

// The moment up to which the changes of an area code are known.
int64_t KnownUntil(const storage::Seal& seal) {
  if (seal.known_until() != 0) return seal.known_until();
  return std::max<int64_t>(seal.full_obtained_at(), seal.last_event_at());  // of an older version
}

// The area codes for which changes between their data and the first change of the list seem to be
// missing. A list that speaks for few numbers may well be silent for days. Lists that speak of
// others alone do not count: an area code that nobody subscribes to any more would stay young.
std::set<int> Drafter::Gaps(const StagedChanges& list, int64_t first_change) {
  const GuardLimits& limits = guards_.limits();
  const absl::Duration allowed = absl::Hours(24 * limits.max_change_gap_days);
  std::set<int> gaps;
  uint64_t numbers = 0;
  for (const int area_code : BaseAreas()) {
    if (!CoversNow(area_code) || !SpeaksFor(list, area_code)) continue;
    const AreaDraft& area = Area(area_code);
    numbers += area.numbers()->size();
    if (FromMicros(first_change) - FromMicros(KnownUntil(area.seal())) > allowed) {
      gaps.insert(area_code);
    }
  }
  if (numbers < limits.gap_min_numbers) gaps.clear();
  return gaps;
}

absl::Status Drafter::CheckChangeDates(const StagedChanges& list, const std::set<int>& gaps,
                                       const std::map<int, std::vector<TimedChange>>& sorted) {
  // A change of the far future would stand against all that come until then.
  const absl::Time last = LastChange(list);
  if (last > list.obtained_at + kChangesLater) {
    DNC_RETURN_IF_ERROR(guards_.Refuse(
        Guard::kFutureDate, StrCat("the changes go on until ", Date(last),
                                   ", but the change list is of ", Date(list.obtained_at))));
  }
  for (const int area_code : BaseAreas()) {
    if (!SpeaksFor(list, area_code) || !CoversNow(area_code)) continue;
    const absl::Time base = FromMicros(Area(area_code).seal().obtained_at());
    if (list.obtained_at < base) {
      DNC_RETURN_IF_ERROR(guards_.Refuse(
          Guard::kOlderDate,
          StrCat("area code ", area_code, ": the change list is of ", Date(list.obtained_at),
                 ", but data of ", Date(base), " is loaded")));
    }
    // Without changes of its own such an area code is left as old as it is instead.
    if (sorted.count(area_code) != 0 && gaps.count(area_code) != 0) {
      DNC_RETURN_IF_ERROR(guards_.Refuse(
          Guard::kChangeGap, StrCat("area code ", area_code, ": the changes begin at ",
                                    Date(FirstChange(list)), ", but the loaded data is of ",
                                    Date(base), "; a change list in between seems to be missing")));
    }
  }
  return absl::OkStatus();
}

absl::Status Drafter::ApplyChangeList(const StagedChanges& list) {
  DNC_ASSIGN_OR_RETURN(const auto sorted, Sort(list));
  const std::set<int> gaps = Gaps(list, ToMicros(FirstChange(list)));
  DNC_RETURN_IF_ERROR(CheckChangeDates(list, gaps, sorted));
  for (const auto& [area_code, changes] : sorted) {
    const AppliedChanges applied = Area(area_code).Apply(changes);
    changed_numbers_ += applied.numbers;
    no_effect_ += applied.no_effect;
  }
  for (const int area_code : BaseAreas()) {
    Refresh(area_code, list, gaps, sorted.count(area_code) != 0);
  }
  return absl::OkStatus();
}

// The list speaks for all area codes of its base: those without a change are as young as it is,
// unless changes before it are missing. But that it is silent about many numbers proves nothing
// for long.
void Drafter::Refresh(int area_code, const StagedChanges& list, const std::set<int>& gaps,
                      bool named) {
  AreaDraft& area = Area(area_code);
  if (!area.covered() || !SpeaksFor(list, area_code)) return;
  const bool overridden = guards_.Overrides(Guard::kChangeGap);
  if (gaps.count(area_code) != 0 && !overridden) return;
  const int64_t obtained_at = ToMicros(list.obtained_at);
  area.seal().set_obtained_at(std::max(area.seal().obtained_at(), obtained_at));
  area.seal().set_dated_by(in_.release_id);
  const bool few = area.numbers()->size() < guards_.limits().gap_min_numbers;
  if (!named && !few && !overridden) return;
  area.seal().set_known_until(std::max(KnownUntil(area.seal()), obtained_at));
}

absl::Status Drafter::ApplyChangeLists() {
  if (staged_.changes.empty()) return absl::OkStatus();
  if (before_.covers_all()) {
    return Error(absl::StatusCode::kInvalidArgument, reason::kBadFile,
                 StrCat("list ", before_.name, " is loaded from full lists only"));
  }
  if (!before_.loaded() && staged_.areas.empty()) {
    return NoBase("a change list needs the full list that it changes; load that first");
  }
  for (const StagedChanges& list : staged_.changes) DNC_RETURN_IF_ERROR(ApplyChangeList(list));
  return CheckMisfit();
}

absl::Status Drafter::CheckMisfit() {
  const double allowed = static_cast<double>(changed_numbers_) * guards_.limits().max_misfit;
  // A repeated file has no effect by its nature; the guard `same-file` has spoken for it.
  if (repeated_file_ || static_cast<double>(no_effect_) <= allowed) return absl::OkStatus();
  return guards_.Refuse(Guard::kMisfit, StrCat("the change list does not fit its base: ",
                                               no_effect_, " of ", changed_numbers_,
                                               " numbers are added though listed, deleted though "
                                               "not listed, or deleted before the full list "
                                               "that still holds them was obtained"));
}

}  // namespace dnc
