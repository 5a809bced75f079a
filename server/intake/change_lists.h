// Applies the change lists of a load, in the order of their dates, to the area codes in the making.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/intake/build_state.h"
#include "server/intake/change_dates.h"
#include "server/intake/past_files.h"

namespace dnc {

// Not thread-safe. What it is made from must outlive it.
class ChangeLists {
 public:
  ChangeLists(BuildState& build, const PastFiles& past)
      : build_(build), before_(build.before), dates_(build, past) {}

  // Notes findings `outside-base` and `misfit`, and those of ChangeDates. Errors: NO_BASE, BAD_FILE
  // for a list that has no change lists, STORAGE.
  absl::Status Apply();

  // Numbers of which nothing came, over all lists.
  uint64_t no_effect() const { return all_no_effect_; }

 private:
  // What became of one list's numbers.
  struct Tally {
    uint64_t numbers = 0;       // that the list speaks of
    uint64_t no_effect = 0;     // of these
    uint64_t not_believed = 0;  // of the day of the full list: deletions, and what it knew of
  };

  absl::Status ApplyList(const ParsedChanges& list);
  // The changes of covered area codes, each in the order in which they take effect.
  std::map<int, std::vector<TimedChange>> Sort(const ParsedChanges& list);
  absl::Status DropSuperseded(int area_code, std::vector<TimedChange>& changes, Tally& tally);
  // Numbers that the changes add on the day of the full list, and that are listed: it knew of them.
  uint64_t KnownToFull(int area_code, const std::vector<TimedChange>& changes);
  void CheckMisfit(const ParsedChanges& list, const Tally& tally);

  BuildState& build_;
  const ListState& before_;
  ChangeDates dates_;
  uint64_t all_no_effect_ = 0;
};

}  // namespace dnc
