// Reads what is in force from disk and verifies it against its seals.
#pragma once

#include <atomic>

#include "absl/status/statusor.h"
#include "server/registry/registry_state.h"
#include "server/registry/release_store.h"

namespace dnc {

// The content of an area code as `seal` promises it: its blocks with the changes of `lineage`
// (newest first) replayed onto them. DATA_LOSS if it does not match the seal.
absl::StatusOr<AreaSetPtr> ReadArea(const ReleaseStore& store, uint32_t list_id,
                                    const storage::Seal& seal,
                                    const std::vector<uint64_t>& lineage);

// The state of a list at one of its releases. Area codes that don't match their seals are
// damaged, not an error; `log` is told a sentence about each. Area codes whose content equals that
// in `shared` (may be null) are taken from there instead of from the disk.
absl::StatusOr<ListStatePtr> ReadList(const ReleaseStore& store, const RegistryState& state,
                                      const storage::ListHead& head, int threads,
                                      const ListState* shared,
                                      const std::function<void(const std::string&)>& log);

// Everything in force.
absl::StatusOr<RegistryStatePtr> LoadRegistryState(
    ReleaseStore& store, int threads, const std::function<void(const std::string&)>& log);

}  // namespace dnc
