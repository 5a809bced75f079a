// Applies the full lists of a load: what they hold replaces the area codes that they name.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/index/area_set.h"
#include "server/intake/build_state.h"
#include "server/intake/past_areas.h"

namespace dnc {

// Not thread-safe. What it is made from must outlive it.
class FullLists {
 public:
  FullLists(BuildState& build, PastAreas& past)
      : build_(build), before_(build.before), past_(past) {}

  // Notes findings `two-dates`, `older-date` and `vanished`. Errors: STORAGE.
  absl::Status Apply();

 private:
  void MergeFullLists();
  void MergeWholeList();
  void PrepareWholeList();
  absl::Status ReplaceArea(int area_code, const ParsedArea& parsed);
  // A full list obtained at a moment, with the numbers that a change list added later than that.
  absl::StatusOr<AreaSetPtr> WithLaterAdditions(int area_code, const ParsedArea& parsed);
  void DropVanished();

  BuildState& build_;
  const ListState& before_;
  PastAreas& past_;
};

}  // namespace dnc
