#include "server/intake/change_dates.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "server/base/str_cat.h"
#include "server/formats/file_name.h"
#include "server/formats/registry_file.h"
#include "server/registry/change_time.h"
#include "server/registry/stored_values.h"

namespace dnc {
namespace {

// Changes may be later than the date of their list by so much: the date is the start of a day, and
// nobody knows the time zone of the changes.
constexpr absl::Duration kChangesLater = absl::Hours(48);

// Silence proves so much at most: the law's 31 days (16 CFR 310.4(b)(3)(iv)).
constexpr absl::Duration kMaxSilence = absl::Hours(24 * 31);

// The dates of so many lists before tell how often lists come, and so many of their intervals may
// pass before one is missing.
constexpr size_t kLatestDates = 9;
constexpr int kUsualIntervals = 3;

// The moment up to which the changes of an area code are known by data that names it.
absl::Time KnownUntil(const storage::Seal& seal) {
  if (seal.known_until() != 0) return FromMicros(seal.known_until());
  // A seal of an older version does not have it.
  return FromMicros(std::max<int64_t>(seal.full_obtained_at(), seal.last_event_at()));
}

// The moment up to which its changes themselves tell of an area code. `usual` is that of the lists
// before.
absl::Time ToldUntil(const storage::Seal& seal, const UsualPace& usual) {
  if (seal.told_until() != 0) return FromMicros(seal.told_until());
  // A seal of an older version does not have it. Lists that did not name the area code told of it,
  // too.
  const absl::Time full = EndOfMoment(FromMicros(seal.full_obtained_at()));
  const absl::Time last = EndOfMoment(FromMicros(seal.last_event_at()));
  const absl::Time silence = EndOfMoment(FromMicros(seal.known_by_silence_at()));
  return std::max(
      {full, std::min(last, EndOfMoment(KnownUntil(seal))), std::min(silence, usual.end())});
}

std::string TextOf(const ChangeHole& hole) {
  const std::string when = StrCat(Date(hole.from), " until ", Date(hole.to));
  if (hole.usual_per_day == 0) {
    return StrCat("no change from ", when,
                  ", which is long for this list; a change list in between seems to be missing");
  }
  return StrCat("hardly a change from ", when, ", though about ",
                static_cast<uint64_t>(hole.usual_per_day),
                " a day are usual; a change list in between seems to be missing or cut off; load "
                "it first, or a newer full list");
}

// Lists of one label are those that follow each other. Whatever is written into their names beside
// it, dates and numbers aside, is taken for one.
std::string LabelOf(const std::string& name) {
  const FileNameFacts facts = ParseFileName(name);
  if (facts.area_code.has_value()) return facts.label;
  if (NamesNoPart(name)) return "";
  std::string label = LowerBaseName(facts.label.empty() ? name : facts.label);
  label.erase(std::remove_if(label.begin(), label.end(), [](char c) { return c < 'a' || c > 'z'; }),
              label.end());
  return label;
}

}  // namespace

void ChangeDates::NotePastLists() {
  for (const PastFile& past : past_.all()) {
    if (past.in_lineage) NoteSpan(past.file);
  }
}

void ChangeDates::NoteSpan(const storage::File& file) {
  if (static_cast<FileKind>(file.kind()) != FileKind::kChange) return;
  if (file.last_change_at() == 0) return;
  ListSpan span{FromMicros(file.obtained_at()), FromMicros(file.first_change_at()),
                FromMicros(file.last_change_at()), file.records()};
  if (file.told_until() != 0) span.told = FromMicros(file.told_until());
  spans_[LabelOf(file.name())].push_back(span);
}

void ChangeDates::NoteApplied(const ParsedChanges& list, const ListPace& pace) {
  storage::File& file = build_.files.files[list.file];
  if (pace.told.has_value()) file.set_told_until(ToMicros(*pace.told));
  NoteSpan(file);
  change_dates_.push_back(ToMicros(list.obtained_at));
}

absl::Duration ChangeDates::UsualInterval() {
  if (!past_dates_.has_value()) {
    past_dates_.emplace();
    for (const PastFile& past : past_.all()) {
      if (past.in_lineage && past.file.records() > 0) past_dates_->insert(past.file.obtained_at());
    }
  }
  std::set<int64_t> dates = *past_dates_;
  dates.insert(change_dates_.begin(), change_dates_.end());
  std::vector<int64_t> latest(dates.begin(), dates.end());
  if (latest.size() > kLatestDates) latest.erase(latest.begin(), latest.end() - kLatestDates);
  if (latest.size() < 2) return absl::InfiniteDuration();
  std::vector<int64_t> intervals;
  for (size_t i = 1; i < latest.size(); ++i) intervals.push_back(latest[i] - latest[i - 1]);
  const auto middle = intervals.begin() + static_cast<std::ptrdiff_t>(intervals.size() / 2);
  std::nth_element(intervals.begin(), middle, intervals.end());
  return kUsualIntervals * absl::Microseconds(*middle);
}

// Lists that speak for few numbers may be silent for as long as silence may last.
ChangeDates::ListPace ChangeDates::PaceOf(const ParsedChanges& list, const ChangesByArea& sorted) {
  uint64_t numbers = 0;
  for (const int area_code : build_.BaseAreas()) {
    if (!build_.Covers(area_code)) continue;
    if (list.SpeaksFor(area_code) || sorted.count(area_code) != 0) {
      numbers += build_.Area(area_code).numbers()->size();
    }
  }
  const GuardLimits& guards = build_.guards.limits();
  ListPace pace;
  const bool many = numbers >= guards.gap_min_numbers;
  if (many) {
    pace.limits.longest = absl::Hours(24 * guards.max_change_gap_days);
    pace.limits.usual = UsualInterval();
  } else {
    pace.limits.longest = std::max(kMaxSilence, absl::Hours(24 * guards.max_change_gap_days));
    pace.limits.by_pace = false;
  }
  std::vector<absl::Time> times;
  times.reserve(list.records.size());
  for (const ChangeRecord& record : list.records) times.push_back(record.time);
  pace.all.emplace(std::move(times), pace.limits);
  const auto before = spans_.find(LabelOf(build_.files.files[list.file].name()));
  pace.usual.emplace(before == spans_.end() ? std::vector<ListSpan>() : before->second);
  pace.end = pace.all->EndOf(list.obtained_at, *pace.usual);
  pace.thin = pace.all->IsTooThin(list.obtained_at, *pace.usual);
  if (!pace.all->empty()) pace.told = pace.all->ToldUntil(*pace.usual);
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

std::optional<ChangeHole> ChangeDates::SparseAfter(
    absl::Time told, const ListPace& pace, std::map<absl::Time, std::optional<ChangeHole>>& found) {
  const auto [it, fresh] = found.try_emplace(told);
  if (fresh) it->second = pace.all->SparseAfter(told, *pace.usual);
  return it->second;
}

// For an area code with many numbers silence is no knowledge: nobody may subscribe to it any more.
std::map<int, std::string> ChangeDates::Gaps(const ParsedChanges& list, const ListPace& pace) {
  std::map<int, std::string> gaps;
  std::map<absl::Time, std::optional<ChangeHole>> sparse;
  for (const int area_code : build_.BaseAreas()) {
    const auto own = pace.areas.find(area_code);
    const bool speaks = own != pace.areas.end() || list.SpeaksFor(area_code);
    if (!build_.Covers(area_code) || !speaks) continue;
    const AreaBuilder& area = build_.Area(area_code);
    const absl::Time named = KnownUntil(area.seal());
    const absl::Time known = std::max(named, FromMicros(area.seal().known_by_silence_at()));
    const bool few = area.numbers()->size() < build_.guards.limits().gap_min_numbers;
    std::optional<ChangeHole> hole = pace.all->HoleAfter(known, few ? known : named);
    if (!hole.has_value() && own != pace.areas.end()) hole = own->second.HoleAfter(known, known);
    if (!hole.has_value()) hole = SparseAfter(ToldUntil(area.seal(), *pace.usual), pace, sparse);
    const storage::File* const missing = missing_.Find(area_code, known, list.obtained_at);
    if (missing != nullptr) {
      gaps[area_code] = StrCat(
          "the list ", missing->name(), " of ", Date(FromMicros(missing->obtained_at())),
          " was taken back or lost, and this one does not have its changes; load it ",
          static_cast<FileKind>(missing->kind()) == FileKind::kFull ? "or a newer full list first"
                                                                    : "first");
    } else if (hole.has_value()) {
      gaps[area_code] = TextOf(*hole);
    } else if (pace.all->empty() &&
               list.obtained_at - (few ? known : named) > pace.limits.longest) {
      gaps[area_code] = "the list has no changes, and nothing shows since when";
    }
  }
  return gaps;
}

void ChangeDates::Check(const ParsedChanges& list, const ListPace& pace,
                        const std::map<int, std::string>& gaps) {
  // A change of the far future would stand against all that come until then.
  const std::string& name = build_.files.files[list.file].name();
  if (!pace.all->empty() && pace.all->last() > list.obtained_at + kChangesLater) {
    build_.guards.NoteFile(
        name, {.guard = Guard::kFutureDate,
               .message = StrCat(name, ": the changes go on until ", Date(pace.all->last()),
                                 ", but the change list is of ", Date(list.obtained_at)),
               .since = list.obtained_at});
  }
  for (const auto& [area_code, changes] : pace.areas) {
    const storage::Seal& seal = build_.Area(area_code).seal();
    const absl::Time base = FromMicros(seal.obtained_at());
    if (list.obtained_at < base) {
      build_.guards.NoteArea(
          area_code,
          {.guard = Guard::kOlderDate,
           .message = StrCat("area code ", area_code, ": the change list is of ",
                             Date(list.obtained_at), ", but data of ", Date(base), " is loaded"),
           .since = base});
    }
    // Without changes of its own such an area code is left as old as it is instead.
    const auto gap = gaps.find(area_code);
    if (gap == gaps.end()) continue;
    build_.guards.NoteArea(area_code, {.guard = Guard::kChangeGap,
                                       .message = StrCat("area code ", area_code, ", known up to ",
                                                         Date(KnownUntil(seal)), ": ", gap->second),
                                       .since = KnownUntil(seal)});
  }
}

void ChangeDates::Refresh(const ParsedChanges& list, const ListPace& pace,
                          const std::map<int, std::string>& gaps) {
  if (pace.thin) return;  // what it holds counts, and it makes nothing younger
  for (const int area_code : build_.BaseAreas()) {
    if (pace.areas.count(area_code) != 0) {
      RefreshNamed(area_code, pace);
    } else if (gaps.count(area_code) == 0 && list.SpeaksFor(area_code)) {
      RefreshBySilence(area_code, pace);
    }
  }
}

// What the list names is as young as the list, or as its last change if that is long before.
void ChangeDates::RefreshNamed(int area_code, const ListPace& pace) {
  storage::Seal& seal = build_.Area(area_code).seal();
  const ChangePace& own = pace.areas.at(area_code);
  absl::Time end = pace.end;
  absl::Time told = *pace.told;
  // The area code's own changes may end earlier than the others'.
  if (own.EndsBefore(end)) {
    end = own.last();
    told = own.ToldUntil(UsualPace({}));
  }
  const int64_t until = ToMicros(end);
  seal.set_known_until(std::max(ToMicros(KnownUntil(seal)), until));
  seal.set_obtained_at(std::max(seal.obtained_at(), until));
  seal.set_told_until(ToMicros(std::max(ToldUntil(seal, *pace.usual), told)));
  if (seal.known_by_silence_at() <= seal.obtained_at()) seal.clear_known_by_silence_at();
}

// A list that does not name an area code shows that nothing changed there, for some time. That is
// no data that was obtained of it.
void ChangeDates::RefreshBySilence(int area_code, const ListPace& pace) {
  AreaBuilder& area = build_.Area(area_code);
  if (!area.covered()) return;
  storage::Seal& seal = area.seal();
  const absl::Time most = FromMicros(seal.obtained_at()) + kMaxSilence;
  const int64_t until = ToMicros(std::min(pace.end, most));
  if (pace.told.has_value()) {
    seal.set_told_until(ToMicros(std::max(ToldUntil(seal, *pace.usual), *pace.told)));
  }
  if (until > seal.obtained_at()) {
    seal.set_known_by_silence_at(std::max(seal.known_by_silence_at(), until));
  }
}

}  // namespace dnc
