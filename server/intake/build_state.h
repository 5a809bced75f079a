// What the steps of building a release work on together: the list as it was, the files of the load,
// and the area codes in the making. release_builder.cc shows the steps.
#pragma once

#include <map>
#include <set>

#include "absl/time/time.h"
#include "server/intake/guard_check.h"
#include "server/intake/parsed_files.h"
#include "server/registry/area_builder.h"
#include "server/registry/release_publisher.h"

namespace dnc {

// Not thread-safe. What it is made from must outlive it.
struct BuildState {
  BuildState(const ReleaseBase& built_on, ParsedFiles parsed, GuardCheck& guard_check);
  BuildState(const BuildState&) = delete;
  BuildState& operator=(const BuildState&) = delete;

  // An area code in the making; the first time it is asked for it is as it was before.
  AreaBuilder& Area(int area_code);
  // Whether an area code is covered by data that can be trusted, as far as the release is built.
  bool Covers(int area_code) { return Area(area_code).covered(); }
  // The area codes that change lists change: those that the list has before the load or by its full
  // lists, without what vanishes.
  std::set<int> BaseAreas() const;

  const ReleaseBase& base;
  const ListState& before;
  ParsedFiles files;
  GuardCheck& guards;

  std::map<int, AreaBuilder> areas;  // those that the load touches
  std::map<int, ParsedArea> full;    // what the full lists hold together
  std::set<int> vanished;            // not covered any more: the file they came in is replaced
  std::set<int> repeated;            // that a file holds just as they are loaded already
  absl::Time whole_obtained_at = absl::InfinitePast();  // of a list that covers all
};

}  // namespace dnc
