// What stands in the head of each of the two stores of a data folder: who it is, and which other
// store it belongs with. A store whose other half is missing is no empty store. docs/formats.md has
// the bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/storage/store.h"

namespace dnc {

// A name that a store draws once: other stores have other names.
using StoreId = std::array<uint64_t, 2>;
inline constexpr StoreId kNoStore{};
StoreId NewStoreId();

struct StoreHead {
  StoreId id{};
  StoreId other = kNoStore;  // none: not yet known
  // Changes up to this revision are lost, as far as this store held them: somebody said that it
  // begins empty. 0: none.
  uint64_t lost_up_to = 0;
};

// nullopt: a new store, or one of a version that kept none. DATA_LOSS STORAGE.
absl::StatusOr<std::optional<StoreHead>> ReadStoreHead(const Store& store);
absl::Status WriteStoreHead(const StoreHead& head, Store& store);

// The last revision of the other store of the folder that this one knows. It stands inside the
// database, so that it can't be put back without it, as the loose notes can (revision_note.h).
struct OtherRevision {
  StoreId store{};
  uint64_t revision = 0;
};
// nullopt: none is known. DATA_LOSS STORAGE.
absl::StatusOr<std::optional<OtherRevision>> ReadOtherRevision(const Store& store);
void PutOtherRevision(const OtherRevision& other, StoreBatch& batch);

// None was accepted: revision 0. DATA_LOSS STORAGE.
absl::StatusOr<AcceptedClock> ReadAcceptedClock(const Store& store);
absl::Status WriteAcceptedClock(const AcceptedClock& accepted, Store& store);

}  // namespace dnc
