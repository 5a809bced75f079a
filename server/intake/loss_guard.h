// Guards of what a load takes away, and of what is loaded for the first time: measured against what
// is known of before, which is the seals where the numbers can't be read.
#pragma once

#include <cstdint>
#include <map>

#include "server/intake/build_state.h"
#include "server/intake/past_areas.h"

namespace dnc {

// Not thread-safe. What it is made from must outlive it.
class LossGuard {
 public:
  LossGuard(BuildState& build, PastAreas& past)
      : build_(build), before_(build.before), past_(past) {}

  // Notes findings `shrink`, `vanished`, `older-date`, `few-numbers` and `lost-week`, and counts
  // the losses in the area seals. After all lists are applied.
  void Check();

 private:
  // Numbers that a load takes away.
  struct Loss {
    uint64_t lost = 0;
    uint64_t of = 0;
    bool by_count = false;  // what it had can't be read
  };

  // What the load takes away from an area code, at least.
  Loss LossOf(int area_code, const AreaBuilder& area);
  // Losses add up over the lives of a list, and over times in which the area code was not covered
  // or could not be read.
  void CarryLosses(int area_code, AreaBuilder& area);
  void CheckFirstData(int area_code, const AreaBuilder& area);
  // Whether the load lacks an addition of before that stands against its full list, or may lack it.
  bool LosesAdditions(int area_code, const AreaBuilder& area);
  // Of a list that covers all: adds what it loses in area codes that are not among the files.
  void AddAbsentAreas(Loss& whole, std::map<int, Loss>& parts, std::map<int, uint64_t>& lost_now);
  // `area_code` negative: of the list as a whole. Returns whether it found something.
  bool CheckShrink(int area_code, const Loss& loss);
  // Of a list that covers all: whether an area code loses a good part, or all, of its numbers.
  void CheckPart(int area_code, const Loss& loss);

  BuildState& build_;
  const ListState& before_;
  PastAreas& past_;
};

}  // namespace dnc
