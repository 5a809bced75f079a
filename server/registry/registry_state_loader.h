// Reads what is in force from disk and verifies it against its seals.
#pragma once

#include <atomic>

#include "absl/status/statusor.h"
#include "server/registry/registry_state.h"
#include "server/registry/release_store.h"

namespace dnc {

// Reads the content of an area code as `seal` promises it, by replaying the changes of `lineage`
// (newest first) onto its blocks. Fails with DATA_LOSS if the result does not match the seal.
absl::StatusOr<AreaSetPtr> ReadArea(const ReleaseStore& store, uint32_t list_id,
                                    const storage::Seal& seal,
                                    const std::vector<uint64_t>& lineage);

// Reads the state of a list at one of its releases. Area codes that do not match their seals become
// damaged, which is no error; `log` gets a sentence about each. Area codes whose content equals
// that in `shared` (may be null) are taken from there instead of from the disk.
absl::StatusOr<ListStatePtr> ReadList(const ReleaseStore& store, const RegistryState& state,
                                      const storage::ListHead& head, int threads,
                                      const ListState* shared,
                                      const std::function<void(const std::string&)>& log);

// Reads everything that is in force.
absl::StatusOr<RegistryStatePtr> LoadRegistryState(
    ReleaseStore& store, int threads, const std::function<void(const std::string&)>& log);

}  // namespace dnc
