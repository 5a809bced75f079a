// What was in force when: the releases of a list, and the times at which somebody went back from
// one or retired the list.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/registry/registry_state.h"
#include "server/registry/release_store.h"

namespace dnc {

// What a list answered from at a moment.
struct InForce {
  enum class State : uint8_t {
    kUnknown,  // what would tell it is cut off, or was never kept by an earlier version
    kNothing,  // no release of the list was in force
    kRelease,
  };
  State state = State::kUnknown;
  uint64_t release_id = 0;  // with kRelease
};

// Tells it by what had been published at `moment`, that moment included.
InForce InForceAt(const RegistryState& state, const ListState& list, absl::Time moment);

// Notes in `list`, of which the release `from` is in force at `now`, that `to` will be from then on
// (0: the list is retired), and who asked for it.
void NoteTurn(absl::Time now, uint64_t revision, uint64_t from, uint64_t to, const ListLife& life,
              const ChangeLimits& asked, ListState& list);

// Serves data folders of an earlier version, which did not keep who went back when. At a start, it
// notes for each list of which something else is in force than its releases tell that this is so
// from `now` on, whatever was before. Returns whether there were any.
bool NoteUnknownTurns(absl::Time now, RegistryState& state);

// A line of releases is one release that was in force, with all that led to it.

// Returns the list as it was when the release `head_id` was in force, which is not any more;
// without its numbers. HISTORY_NOT_REACHED if its records are cut off, DATA_LOSS if they are
// damaged.
absl::StatusOr<std::shared_ptr<ListState>> PastLine(const ReleaseStore& store,
                                                    const RegistryState& state,
                                                    const ListState& list, uint64_t head_id);

// Reads the numbers of an area code of such a line. One that does not match its seal is marked as
// damaged.
void ReadPastArea(const ReleaseStore& store, const RegistryState& state, int area_code,
                  ListState& line);

// Returns the release that was in force and that leads back to `release_id`. The present one is
// tried first. 0 if none is known any more.
uint64_t LineOf(const RegistryState& state, const ListState& list, uint64_t release_id);

}  // namespace dnc
