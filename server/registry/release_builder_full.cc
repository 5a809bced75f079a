// The drafter's part for full lists.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/time/time.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/release_builder.h"

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

// Two files of one date are parts of one list. Of two dates the newer counts, if anybody says so.
void ReleaseBuilder::MergeFullLists() {
  std::map<int, absl::Time> newest;
  std::map<int, absl::Time> oldest;
  for (const ParsedFull& file : staged_.full) {
    for (const auto& [area_code, numbers] : file.areas) {
      newest.try_emplace(area_code, file.obtained_at);
      oldest.try_emplace(area_code, file.obtained_at);
      newest[area_code] = std::max(newest[area_code], file.obtained_at);
      oldest[area_code] = std::min(oldest[area_code], file.obtained_at);
    }
  }
  for (const auto& [area_code, date] : newest) {
    if (oldest[area_code] == date) continue;
    guards_.NoteArea(area_code,
                     {.guard = Guard::kTwoDates,
                      .message = StrCat("area code ", area_code, ": one file is of ",
                                        Date(oldest[area_code]), " and another of ", Date(date),
                                        "; with the override the newer one alone counts"),
                      .since = date});
  }
  for (const ParsedFull& file : staged_.full) {
    for (const auto& [area_code, numbers] : file.areas) {
      if (file.obtained_at == newest[area_code]) MergeArea(file, area_code, numbers, full_);
    }
  }
}

// The files of a list that covers all area codes are one list: all of them are of one date.
void ReleaseBuilder::MergeWholeList() {
  absl::Time newest = absl::InfinitePast();
  absl::Time oldest = absl::InfiniteFuture();
  for (const ParsedFull& file : staged_.full) {
    newest = std::max(newest, file.obtained_at);
    oldest = std::min(oldest, file.obtained_at);
  }
  if (oldest < newest) {
    guards_.Note(before_.name, {.guard = Guard::kTwoDates,
                                .message = StrCat("list ", before_.name, ": one file is of ",
                                                  Date(oldest), " and another of ", Date(newest),
                                                  "; with the override the newer ones alone count"),
                                .since = newest});
  }
  for (const ParsedFull& file : staged_.full) {
    if (file.obtained_at != newest) continue;
    for (const auto& [area_code, numbers] : file.areas) {
      MergeArea(file, area_code, numbers, full_);
    }
  }
  whole_obtained_at_ = newest;
}

absl::Status ReleaseBuilder::ReplaceArea(int area_code, const ParsedArea& staged) {
  AreaBuilder& area = Area(area_code);
  const int64_t obtained_at = ToMicros(staged.obtained_at);
  if (area.covered() && obtained_at < area.seal().obtained_at() && !before_.covers_all()) {
    const absl::Time loaded = FromMicros(area.seal().obtained_at());
    guards_.NoteArea(area_code, {.guard = Guard::kOlderDate,
                                 .message = StrCat("area code ", area_code, ": the file is of ",
                                                   Date(staged.obtained_at), ", but data of ",
                                                   Date(loaded), " is loaded"),
                                 .since = loaded});
  }
  DNC_ASSIGN_OR_RETURN(AreaSetPtr numbers, WithLaterAdditions(area_code, staged));
  area.ReplaceBy(std::move(numbers), obtained_at, in_.release_id);
  area.seal().set_source(staged.labelled ? 0 : in_.release_id << 16 | staged.file);
  return absl::OkStatus();
}

// Change lists tell of moments after their own date, a full list may be older than one that is
// loaded already, and a day is not a moment: a full list need not know of what was added shortly
// before or after it.
absl::StatusOr<AreaSetPtr> ReleaseBuilder::WithLaterAdditions(int area_code,
                                                              const ParsedArea& staged) {
  const AreaBuilder& area = Area(area_code);
  const int64_t obtained_at = ToMicros(staged.obtained_at);
  if (!area.covered() || !StandsAgainstFull(area.seal().last_event_at(), obtained_at)) {
    return staged.numbers;
  }
  // What is cut off may have told of a later addition.
  const bool whole = !StandsAgainstFull(ToMicros(before_.life.history_since), obtained_at);
  DNC_ASSIGN_OR_RETURN(const AreaHistoryPtr history,
                       in_.histories->Get(*in_.state, before_, area_code));
  std::vector<Change> later;
  ForEachDifference(area.numbers().get(), staged.numbers.get(), [&](Change change) {
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
  return WithChanges(staged.numbers, later).set;
}

// A list that covers all: what the files don't hold is on it no longer.
void ReleaseBuilder::PrepareWholeList() {
  if (full_.empty()) return;
  // Of one that is not loaded any more, the last date and count are known all the same.
  absl::Time loaded = before_.loaded() ? before_.whole_obtained_at : absl::InfinitePast();
  if (!before_.loaded() || before_.damaged.all()) {
    FindGoneSeals();
    for (const auto& [area_code, seal] : *gone_seals_) {
      loaded = std::max(loaded, FromMicros(seal.obtained_at()));
    }
  }
  if (whole_obtained_at_ < loaded) {
    guards_.Note(before_.name,
                 {.guard = Guard::kOlderDate,
                  .message = StrCat("list ", before_.name, ": the data is of ",
                                    Date(whole_obtained_at_), ", but data of ", Date(loaded),
                                    before_.loaded() ? " is loaded" : " was loaded"),
                  .since = loaded});
  }
  for (const auto& [area_code, seal] : before_.seals) {
    if (full_.count(area_code) != 0) continue;
    full_[area_code] = {AreaSetBuilder().Build(), whole_obtained_at_, /*labelled=*/false, 0};
  }
}

absl::Status ReleaseBuilder::ApplyFullLists() {
  if (before_.covers_all()) {
    MergeWholeList();
    PrepareWholeList();
  } else {
    MergeFullLists();
  }
  for (const auto& [area_code, staged] : full_) {
    DNC_RETURN_IF_ERROR(ReplaceArea(area_code, staged));
  }
  if (!before_.covers_all()) DropVanished();
  return absl::OkStatus();
}

// A file that replaces an area code of an earlier file should have that file's others too.
void ReleaseBuilder::DropVanished() {
  std::set<uint64_t> replaced;
  for (const auto& [area_code, staged] : full_) {
    const auto seal = before_.seals.find(area_code);
    if (staged.labelled || seal == before_.seals.end() || seal->second.source() == 0) continue;
    replaced.insert(seal->second.source());
  }
  for (const auto& [area_code, seal] : before_.seals) {
    if (replaced.count(seal.source()) == 0 || full_.count(area_code) != 0) continue;
    if (repeated_.count(area_code) != 0) continue;
    vanished_.insert(area_code);
    guards_.NoteArea(
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
