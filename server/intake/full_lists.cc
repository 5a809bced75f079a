#include "server/intake/full_lists.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/change_time.h"
#include "server/registry/stored_values.h"

namespace dnc {
namespace {

AreaSetPtr Union(const AreaSetPtr& a, const AreaSetPtr& b) {
  AreaSetBuilder builder;
  for (const AreaSetPtr& set : {a, b}) {
    set->ForEachNumber([&builder](uint32_t subscriber) { builder.Add(subscriber); });
  }
  return std::move(builder).Build();
}

void MergeArea(const ParsedFull& file, int area_code, const AreaSetPtr& numbers,
               std::map<int, ParsedArea>& full) {
  const auto [it, fresh] =
      full.try_emplace(area_code, ParsedArea{numbers, file.obtained_at, file.labelled, file.file});
  if (!fresh) it->second.numbers = Union(it->second.numbers, numbers);
}

}  // namespace

absl::Status FullLists::Apply() {
  if (before_.covers_all()) {
    MergeWholeList();
    PrepareWholeList();
  } else {
    MergeFullLists();
  }
  for (const auto& [area_code, parsed] : build_.full) {
    DNC_RETURN_IF_ERROR(ReplaceArea(area_code, parsed));
  }
  if (!before_.covers_all()) DropVanished();
  return absl::OkStatus();
}

// Two files of one date are parts of one list. If their dates differ, the newer one counts, once
// somebody has overridden the finding.
void FullLists::MergeFullLists() {
  std::map<int, absl::Time> newest;
  std::map<int, absl::Time> oldest;
  for (const ParsedFull& file : build_.files.full) {
    for (const auto& [area_code, numbers] : file.areas) {
      newest.try_emplace(area_code, file.obtained_at);
      oldest.try_emplace(area_code, file.obtained_at);
      newest[area_code] = std::max(newest[area_code], file.obtained_at);
      oldest[area_code] = std::min(oldest[area_code], file.obtained_at);
    }
  }
  for (const auto& [area_code, date] : newest) {
    if (oldest[area_code] == date) continue;
    build_.guards.NoteArea(
        area_code, {.guard = Guard::kTwoDates,
                    .message = StrCat("area code ", area_code, ": one file is of ",
                                      Date(oldest[area_code]), " and another of ", Date(date),
                                      "; with the override the newer one alone counts"),
                    .since = date});
  }
  for (const ParsedFull& file : build_.files.full) {
    for (const auto& [area_code, numbers] : file.areas) {
      if (file.obtained_at == newest[area_code]) MergeArea(file, area_code, numbers, build_.full);
    }
  }
}

// The files of a list that covers all area codes are parts of one list, so they must have one date.
void FullLists::MergeWholeList() {
  absl::Time newest = absl::InfinitePast();
  absl::Time oldest = absl::InfiniteFuture();
  for (const ParsedFull& file : build_.files.full) {
    newest = std::max(newest, file.obtained_at);
    oldest = std::min(oldest, file.obtained_at);
  }
  if (oldest < newest) {
    build_.guards.Note(before_.name,
                       {.guard = Guard::kTwoDates,
                        .message = StrCat("list ", before_.name, ": one file is of ", Date(oldest),
                                          " and another of ", Date(newest),
                                          "; with the override the newer ones alone count"),
                        .since = newest});
  }
  for (const ParsedFull& file : build_.files.full) {
    if (file.obtained_at != newest) continue;
    for (const auto& [area_code, numbers] : file.areas) {
      MergeArea(file, area_code, numbers, build_.full);
    }
  }
  build_.whole_obtained_at = newest;
}

// Empties the area codes of a list that covers all of which the files hold nothing.
void FullLists::PrepareWholeList() {
  if (build_.full.empty()) return;
  // The last date and count are known also where the list is not loaded any more.
  absl::Time loaded = before_.loaded() ? before_.whole_obtained_at : absl::InfinitePast();
  if (!before_.loaded() || before_.damaged.all()) {
    for (const auto& [area_code, seal] : past_.GoneSeals()) {
      loaded = std::max(loaded, FromMicros(seal.obtained_at()));
    }
  }
  if (build_.whole_obtained_at < loaded) {
    build_.guards.Note(
        before_.name,
        {.guard = Guard::kOlderDate,
         .message = StrCat("list ", before_.name, ": the data is of ",
                           Date(build_.whole_obtained_at), ", but data of ", Date(loaded),
                           before_.loaded() ? " is loaded" : " was loaded"),
         .since = loaded});
  }
  for (const auto& [area_code, seal] : before_.seals) {
    if (build_.full.count(area_code) != 0) continue;
    build_.full[area_code] = {AreaSetBuilder().Build(), build_.whole_obtained_at,
                              /*labelled=*/false, 0};
  }
}

absl::Status FullLists::ReplaceArea(int area_code, const ParsedArea& parsed) {
  AreaBuilder& area = build_.Area(area_code);
  const int64_t obtained_at = ToMicros(parsed.obtained_at);
  if (area.covered() && obtained_at < area.seal().obtained_at() && !before_.covers_all()) {
    const absl::Time loaded = FromMicros(area.seal().obtained_at());
    build_.guards.NoteArea(
        area_code,
        {.guard = Guard::kOlderDate,
         .message = StrCat("area code ", area_code, ": the file is of ", Date(parsed.obtained_at),
                           ", but data of ", Date(loaded), " is loaded"),
         .since = loaded});
  }
  DNC_ASSIGN_OR_RETURN(AreaSetPtr numbers, WithLaterAdditions(area_code, parsed));
  area.ReplaceBy(std::move(numbers), obtained_at, build_.base.release_id);
  area.seal().set_source(parsed.labelled ? 0 : build_.base.release_id << 16 | parsed.file);
  return absl::OkStatus();
}

// Change lists tell of moments after their own date, a full list may be older than one that is
// loaded already, and a day is not a moment: a full list need not know of what was added shortly
// before or after it.
absl::StatusOr<AreaSetPtr> FullLists::WithLaterAdditions(int area_code, const ParsedArea& parsed) {
  const AreaBuilder& area = build_.Area(area_code);
  const int64_t obtained_at = ToMicros(parsed.obtained_at);
  if (!area.covered() || !StandsAgainstFull(area.seal().last_event_at(), obtained_at)) {
    return parsed.numbers;
  }
  // What is cut off may have told of a later addition.
  const bool whole = !StandsAgainstFull(ToMicros(before_.life.history_since), obtained_at);
  DNC_ASSIGN_OR_RETURN(const AreaHistoryPtr history,
                       build_.base.histories->Get(*build_.base.state, before_, area_code));
  std::vector<Change> later;
  ForEachDifference(area.numbers().get(), parsed.numbers.get(), [&](Change change) {
    if (change.added) return;
    const auto events = history->Of(change.subscriber);
    const auto last = std::find_if(events.rbegin(), events.rend(),
                                   [](const AreaEvent& event) { return event.exact; });
    const auto repeated = history->RepeatedOf(change.subscriber);
    const bool again =
        std::any_of(repeated.begin(), repeated.end(), [obtained_at](const AreaEvent& event) {
          return StandsAgainstFull(event.at_micros, obtained_at);
        });
    const bool kept = last == events.rend()
                          ? !whole
                          : last->added && StandsAgainstFull(last->at_micros, obtained_at);
    if (kept || again) later.push_back({change.subscriber, true});
  });
  return WithChanges(parsed.numbers, later).set;
}

// A file that replaces an area code of an earlier file should have that file's others too.
void FullLists::DropVanished() {
  std::set<uint64_t> replaced;
  for (const auto& [area_code, parsed] : build_.full) {
    const auto seal = before_.seals.find(area_code);
    if (parsed.labelled || seal == before_.seals.end() || seal->second.source() == 0) continue;
    replaced.insert(seal->second.source());
  }
  for (const auto& [area_code, seal] : before_.seals) {
    if (replaced.count(seal.source()) == 0 || build_.full.count(area_code) != 0) continue;
    if (build_.repeated.count(area_code) != 0) continue;
    build_.vanished.insert(area_code);
    build_.guards.NoteArea(
        area_code,
        {.guard = Guard::kVanished,
         .message = StrCat("area code ", area_code, ", ", seal.count(), " numbers of ",
                           Date(FromMicros(seal.obtained_at())),
                           ": the file that it came in is replaced by one without it; with the "
                           "override it is no longer covered"),
         .lost = seal.count(),
         .of = seal.count(),
         .since = FromMicros(seal.obtained_at())});
  }
}

}  // namespace dnc
