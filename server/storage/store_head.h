// What stands in the head of each of the two stores of a data folder: who it is, and which other
// store it belongs with. A store whose other half is missing is no empty store.
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

// A name that a store draws once: other stores have other names.
using StoreId = std::array<uint64_t, 2>;
inline constexpr StoreId kNoStore{};
StoreId NewStoreId();

// A backup of the one moment was put back at the other: what was answered in between isn't known.
struct Untold {
  absl::Time since = absl::InfiniteFuture();
  absl::Time until = absl::InfinitePast();
  bool Has(absl::Time moment) const { return since <= moment && moment < until; }
};

struct StoreHead {
  StoreId id{};
  StoreId other = kNoStore;  // none: not yet known
  // Revisions whose changes one of the stores has lost: somebody said that it begins empty, or that
  // it was restored.
  LostRevisions lost;
  Untold untold;
};

// nullopt: a new store, or one of a version that kept none. DATA_LOSS STORAGE.
absl::StatusOr<std::optional<StoreHead>> ReadStoreHead(const Store& store);
absl::Status WriteStoreHead(const StoreHead& head, Store& store);

// Notes which file `path` is, a part of the store's folder that is made once. True if it was
// another one when this was called last: the folder was copied since, perhaps from a backup. Then
// `known`, the newest moment that the copy kept, is noted, too: who says later that it was a backup
// does so when the server has run on it, and has kept newer ones.
absl::StatusOr<bool> NoteCopied(const std::string& path, absl::Time known, Store& store);
// InfiniteFuture: no copy was told of.
absl::StatusOr<absl::Time> KnownWhenCopied(const Store& store);

// None was accepted: revision 0. DATA_LOSS STORAGE.
absl::StatusOr<AcceptedClock> ReadAcceptedClock(const Store& store);
absl::Status WriteAcceptedClock(const AcceptedClock& accepted, Store& store);

}  // namespace dnc
