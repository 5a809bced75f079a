// How old the loaded data is: which release brought it, and whether it was once of a time to come.
#pragma once

#include <set>

#include "absl/time/time.h"
#include "server/registry/registry_state.h"
#include "server/registry/release_store.h"

namespace dnc {

// The coverage of an area code by a loaded list, damage aside: kNotLoaded, or kLoaded with the
// times from which its age counts (AgedFrom).
AreaCoverage CoverageOf(const RegistryState& state, const ListState& list, int area_code);

// The same for answers under a policy that counts the list for `max_age`. When an operator accepts
// a clock that lies behind the stores, what was too old by their time, or of a time to come, stays
// too old until a full list is loaded again; change lists don't tell how old the data is that they
// change.
AreaCoverage CoverageUnder(const RegistryState& state, const ListState& list, int area_code,
                           absl::Duration max_age);

// The same for an answer of a moment. Before the operator accepted the clock it is CoverageOf.
AreaCoverage CoverageThen(const RegistryState& state, const ListState& list, int area_code,
                          absl::Duration max_age, absl::Time moment);

// Notes in `list`, which its new release made of `before`, what that release brought: the area
// codes that its full lists name, `reloaded`, and those that have become younger or older. `now` is
// when it is published, and `state` is that of before.
void NoteBrought(const RegistryState& state, const ListState& before, const std::set<int>& reloaded,
                 absl::Time now, ListState& list);

// Finds out what an earlier version did not keep: for data whose release is not known, the oldest
// of the list's releases from which on it has its date.
void FindBrought(const ReleaseStore& store, const RegistryState& state, ListState& list);

// Adds to `state.future_releases` those that are a day or more ahead of `now`, by their own time or
// that of their data. They stay there, because their data is no better known when time has passed.
// Returns whether there were any. Every start asks, as the clock may have been set back by then.
bool NoteFuture(absl::Time now, RegistryState& state);

}  // namespace dnc
