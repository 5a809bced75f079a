// Applies the limit of releases: decides what a list forgets when it has more than it may keep.
//
// The oldest records go first: those that did not lead to the release in force, then the start of
// its history. From then on, as-of questions about times before the cut are refused.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "server/registry/registry_state.h"
#include "server/registry/release_store.h"

namespace dnc {

struct ReleaseLimit {
  int max_releases = 0;   // for each list, counting the one in force
  int keep_releases = 0;  // before the one in force, to go back to

  // Returns the limit that is enforced: the releases that can be gone back to need some before
  // them.
  size_t held() const;
};

// Returns the oldest release that the next one may still build on. The next release must write
// whole every area code that needs an older one, so that `CutOff` can enforce the limit.
uint64_t RebaseBelow(const RegistryState& state, const ListState& before,
                     const ReleaseLimit& limit);

// Returns the releases of `list` beyond the limit, and sets in `list.life` where that cuts its
// history. `state` already has the release in force. Never cuts off a release that is in force, can
// be gone back to, or is needed to read those.
absl::StatusOr<std::vector<uint64_t>> CutOff(const ReleaseStore& store, const RegistryState& state,
                                             const ReleaseLimit& limit, ListState& list);

}  // namespace dnc
