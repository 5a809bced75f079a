// The limit of releases: what a list forgets when it has more of them than it may keep.
//
// The oldest records go first: those that did not lead to the release in force, then the start of
// its history. As-of questions about times before the cut are refused from then on.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "server/registry/registry_state.h"
#include "server/registry/release_store.h"

namespace dnc {

struct ReleaseLimit {
  int max_releases = 0;   // of a list, the one in force included
  int keep_releases = 0;  // before the one in force, to go back to

  // The limit that can be held: what can be gone back to needs some releases before it.
  size_t held() const;
};

// The oldest release that the next one may still build on. Area codes that need an older one must
// be written whole by the next release, so that `CutOff` can keep to the limit.
uint64_t RebaseBelow(const RegistryState& state, const ListState& before,
                     const ReleaseLimit& limit);

// The releases of `list` beyond the limit, and where that cuts its history: sets `list.life`.
// `state` has the release in force; none that is in force, can be gone back to or is needed to read
// those is cut off.
absl::StatusOr<std::vector<uint64_t>> CutOff(const ReleaseStore& store, const RegistryState& state,
                                             const ReleaseLimit& limit, ListState& list);

}  // namespace dnc
