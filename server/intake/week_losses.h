// The guard of what is lost within a week, over all loads: also over those of an earlier life of
// the list, before it was retired, and over times in which an area code was left out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "absl/time/time.h"
#include "server/intake/build_state.h"
#include "server/intake/past_areas.h"
#include "server/registry/area_history.h"

namespace dnc {

// Not thread-safe. What it is made from must outlive it.
class WeekLosses {
 public:
  WeekLosses(BuildState& build, PastAreas& past)
      : build_(build), before_(build.before), past_(past) {}

  // Notes findings `lost-week`. `lost_now`: what this load takes away, of each area code that loses
  // something.
  void Check(const std::map<int, uint64_t>& lost_now);

 private:
  // The seal that losses of a week are measured against.
  struct WeekBase {
    uint64_t release_id = 0;
    uint64_t line = 0;  // the last release that covers the area code without a break since then
    absl::Time since;   // when its data was obtained
    storage::Seal seal;
  };
  struct WeekLoss {
    uint64_t before = 0;  // by earlier loads
    uint64_t now = 0;     // by this one
  };
  // What an area code came to in a line of releases, and how.
  struct Line {
    AreaSetPtr numbers;
    AreaHistoryPtr history;
  };

  // The release that was told last that an area code or the list lost too much; 0: none.
  uint64_t AllowedBy(int area_code) const;
  // What is known of seven days ago, of the area codes in `wanted`.
  std::map<int, WeekBase> FindBases(std::set<int> wanted);
  // Whether the area code is covered without a break since then, and can be read.
  bool IsOfPresentLine(int area_code, const WeekBase& base) const;
  // Nullopt: it is not kept or can't be read.
  std::optional<Line> ReadLine(int area_code, const WeekBase& base);
  // What the area code has lost since, and would lose by this load.
  WeekLoss LossOf(int area_code, const WeekBase& base, uint64_t lost_now);
  WeekLoss LossByCount(int area_code, const WeekBase& base, uint64_t lost_now) const;
  void NoteLost(int area_code, const WeekLoss& loss, uint64_t of, absl::Time since);

  BuildState& build_;
  const ListState& before_;
  PastAreas& past_;
  std::map<uint64_t, ListStatePtr> past_lines_;  // that losses were looked up in
};

}  // namespace dnc
