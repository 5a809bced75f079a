// Tells which release was in force when, from a list's releases and its turns: the times at which
// somebody rolled the list back or retired it.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/registry/registry_state.h"
#include "server/registry/release_store.h"

namespace dnc {

// What a list answered from at some moment.
struct InForce {
  enum class State : uint8_t {
    kUnknown,  // the record that would tell it was cut off, or an earlier version never made one
    kNothing,  // no release of the list was in force
    kRelease,
  };
  State state = State::kUnknown;
  uint64_t release_id = 0;  // set with kRelease
};

// Returns what was in force at `moment`, by what had been published up to and including it.
InForce InForceAt(const RegistryState& state, const ListState& list, absl::Time moment);

// Records a turn in `list`: the release `from` is in force until `now`, and `to` from then on (0:
// the list is retired). Also records who asked for it.
void NoteTurn(absl::Time now, uint64_t revision, uint64_t from, uint64_t to, const ListLife& life,
              const ChangeLimits& asked, ListState& list);

// Repairs data folders of an earlier version, which did not record rollbacks. At a start, it looks
// for lists whose release in force is not the one that their releases lead to. For each, it records
// that this is so from `now` on; what was in force before stays unknown. Returns whether there were
// any.
bool NoteUnknownTurns(absl::Time now, RegistryState& state);

// A line of releases is one release that was in force, together with all that led to it.

// Returns the list, without its numbers, as it was when the release `head_id` was in force, which
// it no longer is. Fails with HISTORY_NOT_REACHED if its records are cut off, and with DATA_LOSS if
// they are damaged.
absl::StatusOr<std::shared_ptr<ListState>> PastLine(const ReleaseStore& store,
                                                    const RegistryState& state,
                                                    const ListState& list, uint64_t head_id);

// Reads the numbers of an area code of such a line. Marks the area code as damaged if they do not
// match its seal.
void ReadPastArea(const ReleaseStore& store, const RegistryState& state, int area_code,
                  ListState& line);

// Returns the release that was in force and leads back to `release_id`, trying the present one
// first. Returns 0 if none is known any more.
uint64_t LineOf(const RegistryState& state, const ListState& list, uint64_t release_id);

}  // namespace dnc
