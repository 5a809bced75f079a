// Tells how old the loaded data is: which release brought it, and whether it was ever dated in the
// future.
#pragma once

#include <set>

#include "absl/time/time.h"
#include "server/registry/registry_state.h"
#include "server/registry/release_store.h"

namespace dnc {

// Returns how a loaded list covers an area code, leaving damage aside: kNotLoaded, or kLoaded with
// the times from which its age counts (AgedFrom).
AreaCoverage CoverageOf(const RegistryState& state, const ListState& list, int area_code);

// Does the same for answers under a policy that counts the list for `max_age`. When an operator
// accepts a clock that is behind the stores, data that was too old by the stores' time, or dated in
// the future, stays too old until a full list is loaded again: change lists do not say how old the
// data is that they change.
AreaCoverage CoverageUnder(const RegistryState& state, const ListState& list, int area_code,
                           absl::Duration max_age);

// Does the same for an answer about a past moment. Before the operator accepted the clock, it
// equals CoverageOf.
AreaCoverage CoverageThen(const RegistryState& state, const ListState& list, int area_code,
                          absl::Duration max_age, absl::Time moment);

// Records in `list`, which its new release made from `before`, what that release brought: the area
// codes that its full lists name (`reloaded`), and those whose data became younger or older. `now`
// is when the release is published; `state` is the state before it.
void NoteBrought(const RegistryState& state, const ListState& before, const std::set<int>& reloaded,
                 absl::Time now, ListState& list);

// Fills in what an earlier version did not store: for data whose release is not known, the oldest
// of the list's releases that already had this data's date.
void FindBrought(const ReleaseStore& store, const RegistryState& state, ListState& list);

// Adds to `state.future_releases` the releases that are a day or more ahead of `now`, by their own
// time or by their data's. They stay there, because the passing of time does not tell how old their
// data really is. Returns whether it added any. Every start calls this, since the clock may have
// been set back before it.
bool NoteFuture(absl::Time now, RegistryState& state);

}  // namespace dnc
