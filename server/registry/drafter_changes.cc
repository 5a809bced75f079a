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
#include "server/registry/drafter.h"

namespace dnc {
namespace {

absl::Status NoBase(std::string_view message) {
  return Error(absl::StatusCode::kFailedPrecondition, reason::kNoBase, message);
}

// Whether an area code that the list does not name has no changes, rather than being left out.
bool SpeaksFor(const StagedChanges& list, int area_code) {
  return list.for_all || list.area_code == area_code;
}

// How long after the date of a change list its changes may be: the date is the start of a day, and
// the time zone of the changes is not known.
constexpr absl::Duration kChangesLater = absl::Hours(48);

// What silence proves at most: the law's 31 days (16 CFR 310.4(b)(3)(iv)).
constexpr absl::Duration kMostSilence = absl::Hours(24 * 31);

// Lists before, whose dates tell how often they come.
constexpr size_t kLatestDates = 9;
constexpr int kUsualIntervals = 3;  // so many of them may pass

// The moment up to which the changes of an area code are known by data that names it.
absl::Time KnownUntil(const storage::Seal& seal) {
  if (seal.known_until() != 0) return FromMicros(seal.known_until());
  // Of an older version.
  return FromMicros(std::max<int64_t>(seal.full_obtained_at(), seal.last_event_at()));
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
// of the number, or that a full list obtained since still holds it.
absl::Status Drafter::DropSuperseded(int area_code, std::vector<TimedChange>& changes) {
  AreaDraft& area = Area(area_code);
  const storage::Seal& seal = area.seal();
  const int64_t full_at = seal.full_obtained_at();
  AreaHistoryPtr history;
  if (LatestMomentUpTo(seal.last_event_at()) >= changes.front().at_micros) {
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
  for (const auto& [area_code, staged] : full_) area_codes.insert(area_code);
  return area_codes;
}

// How long after a list the next one usually begins, at most: by the dates of those before.
absl::Duration Drafter::UsualInterval() const {
  std::set<int64_t> dates(change_dates_.begin(), change_dates_.end());
  for (const PastFile& past : past_files_) {
    if (past.in_lineage && past.file.records() > 0) dates.insert(past.file.obtained_at());
  }
  std::vector<int64_t> latest(dates.begin(), dates.end());
  if (latest.size() > kLatestDates) latest.erase(latest.begin(), latest.end() - kLatestDates);
  if (latest.size() < 2) return absl::InfiniteDuration();
  std::vector<int64_t> intervals;
  for (size_t i = 1; i < latest.size(); ++i) intervals.push_back(latest[i] - latest[i - 1]);
  const auto middle = intervals.begin() + static_cast<std::ptrdiff_t>(intervals.size() / 2);
  std::nth_element(intervals.begin(), middle, intervals.end());
  return kUsualIntervals * absl::Microseconds(*middle);
}

// The area codes for which changes between what is known of them and the end of the list seem to
// be missing, and why. For an area code with many numbers silence is no knowledge: nobody may
// subscribe to it any more.
std::map<int, std::string> Drafter::Gaps(const StagedChanges& list, const Pace& pace) {
  std::map<int, std::string> gaps;
  const std::vector<const PastFile*> absent = AbsentLists();
  for (const int area_code : BaseAreas()) {
    const auto own = pace.areas.find(area_code);
    if (!CoversNow(area_code) || (own == pace.areas.end() && !SpeaksFor(list, area_code))) continue;
    const AreaDraft& area = Area(area_code);
    const absl::Time named = KnownUntil(area.seal());
    const absl::Time known = std::max(named, FromMicros(area.seal().known_by_silence_at()));
    const bool few = area.numbers()->size() < guards_.limits().gap_min_numbers;
    std::optional<ChangeHole> hole = pace.all->HoleAfter(known, few ? known : named);
    if (!hole.has_value() && own != pace.areas.end()) hole = own->second.HoleAfter(known, known);
    const storage::File* const missing = MissingList(absent, area_code, known, list.obtained_at);
    if (missing != nullptr) {
      gaps[area_code] = StrCat(
          "the list ", missing->name(), " of ", Date(FromMicros(missing->obtained_at())),
          " was taken back or lost, and this one does not have its changes; load it ",
          static_cast<FileKind>(missing->kind()) == FileKind::kFull ? "or a newer full list first"
                                                                    : "first");
    } else if (hole.has_value()) {
      gaps[area_code] =
          StrCat("no change from ", Date(hole->from), " until ", Date(hole->to),
                 ", which is long for this list; a change list in between seems to be missing");
    } else if (pace.all->empty() &&
               list.obtained_at - (few ? known : named) > pace.limits.longest) {
      gaps[area_code] = "the list has no changes, and nothing shows since when";
    }
  }
  return gaps;
}

// The times of a list's changes, of all that it tells and of each area code. Lists that speak for
// few numbers may be silent for as long as silence may last.
Drafter::Pace Drafter::PaceOf(const StagedChanges& list,
                              const std::map<int, std::vector<TimedChange>>& sorted) {
  uint64_t numbers = 0;
  for (const int area_code : BaseAreas()) {
    if (!CoversNow(area_code)) continue;
    if (SpeaksFor(list, area_code) || sorted.count(area_code) != 0) {
      numbers += Area(area_code).numbers()->size();
    }
  }
  const GuardLimits& guards = guards_.limits();
  Pace pace;
  const bool many = numbers >= guards.gap_min_numbers;
  if (many) {
    pace.limits.longest = absl::Hours(24 * guards.max_change_gap_days);
    pace.limits.usual = UsualInterval();
  } else {
    pace.limits.longest = std::max(kMostSilence, absl::Hours(24 * guards.max_change_gap_days));
    pace.limits.by_pace = false;
  }
  std::vector<absl::Time> times;
  times.reserve(list.records.size());
  for (const ChangeRecord& record : list.records) times.push_back(record.time);
  pace.all.emplace(std::move(times), pace.limits);
  PaceLimits by_pace;
  by_pace.by_pace = many;
  for (const auto& [area_code, changes] : sorted) {
    std::vector<absl::Time> own;
    own.reserve(changes.size());
    for (const TimedChange& change : changes) own.push_back(FromMicros(change.at_micros));
    pace.areas.try_emplace(area_code, std::move(own), by_pace);
  }
  return pace;
}

void Drafter::CheckChangeDates(const StagedChanges& list, const Pace& pace,
                               const std::map<int, std::string>& gaps) {
  // A change of the far future would stand against all that come until then.
  const std::string& name = staged_.files[list.file].name();
  if (!pace.all->empty() && pace.all->last() > list.obtained_at + kChangesLater) {
    guards_.NoteFile(name,
                     {.guard = Guard::kFutureDate,
                      .message = StrCat(name, ": the changes go on until ", Date(pace.all->last()),
                                        ", but the change list is of ", Date(list.obtained_at)),
                      .since = list.obtained_at});
  }
  for (const auto& [area_code, changes] : pace.areas) {
    const storage::Seal& seal = Area(area_code).seal();
    const absl::Time base = FromMicros(seal.obtained_at());
    if (list.obtained_at < base) {
      guards_.NoteArea(
          area_code,
          {.guard = Guard::kOlderDate,
           .message = StrCat("area code ", area_code, ": the change list is of ",
                             Date(list.obtained_at), ", but data of ", Date(base), " is loaded"),
           .since = base});
    }
    // Without changes of its own such an area code is left as old as it is instead.
    const auto gap = gaps.find(area_code);
    if (gap == gaps.end()) continue;
    guards_.NoteArea(area_code, {.guard = Guard::kChangeGap,
                                 .message = StrCat("area code ", area_code, ", known up to ",
                                                   Date(KnownUntil(seal)), ": ", gap->second),
                                 .since = KnownUntil(seal)});
  }
}

absl::Status Drafter::ApplyChangeList(const StagedChanges& list) {
  changed_numbers_ = no_effect_ = 0;
  DNC_ASSIGN_OR_RETURN(auto sorted, Sort(list));
  const Pace pace = PaceOf(list, sorted);
  const std::map<int, std::string> gaps = Gaps(list, pace);
  CheckChangeDates(list, pace, gaps);
  for (auto& [area_code, changes] : sorted) {
    DNC_RETURN_IF_ERROR(DropSuperseded(area_code, changes));
    const AppliedChanges applied = Area(area_code).Apply(changes);
    changed_numbers_ += applied.numbers;
    no_effect_ += applied.no_effect;
  }
  for (const int area_code : BaseAreas()) {
    if (pace.areas.count(area_code) != 0) {
      Refresh(area_code, list, pace);
    } else if (gaps.count(area_code) == 0 && SpeaksFor(list, area_code)) {
      RefreshBySilence(area_code, pace.all->EndOf(list.obtained_at));
    }
  }
  change_dates_.push_back(ToMicros(list.obtained_at));
  CheckMisfit(list);
  all_no_effect_ += no_effect_;
  return absl::OkStatus();
}

// What the list names is as young as the list, or as its last change if that is long before.
void Drafter::Refresh(int area_code, const StagedChanges& list, const Pace& pace) {
  storage::Seal& seal = Area(area_code).seal();
  const ChangePace& own = pace.areas.at(area_code);
  absl::Time end = pace.all->EndOf(list.obtained_at);
  // The area code's own changes may end earlier than the others'.
  if (own.EndsBefore(end)) end = own.last();
  const int64_t until = ToMicros(end);
  seal.set_known_until(std::max(ToMicros(KnownUntil(seal)), until));
  seal.set_obtained_at(std::max(seal.obtained_at(), until));
  if (seal.known_by_silence_at() <= seal.obtained_at()) seal.clear_known_by_silence_at();
}

// That a list does not name an area code shows that nothing changed there, for some time. It is no
// data that was obtained of it.
void Drafter::RefreshBySilence(int area_code, absl::Time end) {
  AreaDraft& area = Area(area_code);
  if (!area.covered()) return;
  storage::Seal& seal = area.seal();
  const absl::Time most = FromMicros(seal.obtained_at()) + kMostSilence;
  const int64_t until = ToMicros(std::min(end, most));
  if (until > seal.obtained_at()) {
    seal.set_known_by_silence_at(std::max(seal.known_by_silence_at(), until));
  }
}

absl::Status Drafter::ApplyChangeLists() {
  if (staged_.changes.empty()) return absl::OkStatus();
  if (before_.covers_all()) {
    return Error(absl::StatusCode::kInvalidArgument, reason::kBadFile,
                 StrCat("list ", before_.name, " is loaded from full lists only"));
  }
  if (!before_.loaded() && full_.empty()) {
    return NoBase("a change list needs the full list that it changes; load that first");
  }
  for (const StagedChanges& list : staged_.changes) DNC_RETURN_IF_ERROR(ApplyChangeList(list));
  return absl::OkStatus();
}

void Drafter::CheckMisfit(const StagedChanges& list) {
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
