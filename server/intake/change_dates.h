// What the times of a change list's changes tell: whether the list is complete, and up to when it
// tells of each area code.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/intake/build_state.h"
#include "server/intake/change_pace.h"
#include "server/intake/missing_lists.h"
#include "server/intake/past_files.h"

namespace dnc {

// Not thread-safe. What it is made from must outlive it.
class ChangeDates {
 public:
  // The times of a change list: of all of it, and of each area code that it names.
  struct ListPace {
    PaceLimits limits;
    std::optional<ChangePace> all;
    std::map<int, ChangePace> areas;
    std::optional<UsualPace> usual;  // of the lists before
    absl::Time end;                  // up to when it tells
    std::optional<absl::Time> told;  // ChangePace::ToldUntil of all; nullopt: it has no changes
    bool thin = false;               // it shows nothing of what it does not hold
  };
  using ChangesByArea = std::map<int, std::vector<TimedChange>>;

  ChangeDates(BuildState& build, const PastFiles& past)
      : build_(build), past_(past), missing_(build, past) {}

  // The lists of past loads count from now on; once, before anything is asked.
  void NotePastLists();

  // `sorted`: the changes of the list that are applied.
  ListPace PaceOf(const ParsedChanges& list, const ChangesByArea& sorted);
  // The area codes for which changes between what is known of them and the end of the list seem to
  // be missing, and why.
  std::map<int, std::string> Gaps(const ParsedChanges& list, const ListPace& pace);
  // Notes findings `future-date`, `older-date` and `change-gap`.
  void Check(const ParsedChanges& list, const ListPace& pace,
             const std::map<int, std::string>& gaps);
  // Makes the area codes that the list speaks of as young as it shows.
  void Refresh(const ParsedChanges& list, const ListPace& pace,
               const std::map<int, std::string>& gaps);
  // The list has been applied: it counts among those before the next one.
  void NoteApplied(const ParsedChanges& list, const ListPace& pace);

 private:
  void NoteSpan(const storage::File& file);
  // How long after a list the next one usually begins, at most: by the dates of those before.
  absl::Duration UsualInterval();
  // Holes by what is usual, of area codes that are told of up to the same moment; `found` keeps
  // them.
  static std::optional<ChangeHole> SparseAfter(
      absl::Time told, const ListPace& pace,
      std::map<absl::Time, std::optional<ChangeHole>>& found);
  // Of an area code that the list names, and of one that it does not name.
  void RefreshNamed(int area_code, const ListPace& pace);
  void RefreshBySilence(int area_code, const ListPace& pace);

  BuildState& build_;
  const PastFiles& past_;
  MissingLists missing_;
  std::map<std::string, std::vector<ListSpan>> spans_;  // of change lists in effect, by their label
  std::vector<int64_t> change_dates_;                   // of the change lists that were applied
  // Of the lists of past loads, once asked for: a load may be of hundreds of change lists after
  // tens of thousands.
  std::optional<std::set<int64_t>> past_dates_;
};

}  // namespace dnc
