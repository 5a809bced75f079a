// The head of each of the two stores of a data folder: which store it is, and which other store it
// belongs to. A store whose other half is missing must not pass for an empty one.
// docs/internals/disk-format.md has the bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/revision_order.h"
#include "server/storage/store.h"

namespace dnc {

// A name that each store draws once; no other store has it.
using StoreId = std::array<uint64_t, 2>;
inline constexpr StoreId kNoStore{};
StoreId NewStoreId();

// The time between a backup and the moment at which it was put back; what was answered in it is not
// known.
struct Untold {
  absl::Time since = absl::InfiniteFuture();
  absl::Time until = absl::InfinitePast();
  bool Has(absl::Time moment) const { return since <= moment && moment < until; }
};

struct StoreHead {
  StoreId id{};
  StoreId other = kNoStore;  // kNoStore: not yet known
  // Revisions whose changes one of the stores has lost, because an operator declared that it begins
  // empty or was restored.
  LostRevisions lost;
  Untold untold;
};

// Returns nullopt for a new store, and for one of a version that had no head. Fails with DATA_LOSS
// STORAGE.
absl::StatusOr<std::optional<StoreHead>> ReadStoreHead(const Store& store);
absl::Status WriteStoreHead(const StoreHead& head, Store& store);

// Records which file `path` is; it is a part of the store's folder that is made only once. Returns
// true if it was another file at the last call: then the folder was copied since, perhaps from a
// backup. In that case it also records `known`, the newest moment that the copy had: an operator
// may declare the copy a backup only after the server has run on it and recorded later moments.
absl::StatusOr<bool> NoteCopied(const std::string& path, absl::Time known, Store& store);
// Returns InfiniteFuture if no copy was noticed.
absl::StatusOr<absl::Time> KnownWhenCopied(const Store& store);

// Returns revision 0 if no clock was accepted. Fails with DATA_LOSS STORAGE.
absl::StatusOr<AcceptedClock> ReadAcceptedClock(const Store& store);
absl::Status WriteAcceptedClock(const AcceptedClock& accepted, Store& store);

}  // namespace dnc
