// How far the tenants' store is, read before anybody uses it.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/storage/store.h"

namespace dnc {

struct TenantsPosition {
  uint64_t revision = 0;  // the last change of the directory or of records
  // The newest moment that the store knows the server's clock to have had; of changes above the
  // revision asked for.
  absl::Time newest = absl::InfinitePast();
  // True if a directory of a version that noted no time holds newer ones: NewestInDirectory.
  bool reads_all = false;
};

// DATA_LOSS if what is read is damaged.
absl::StatusOr<TenantsPosition> ReadTenantsPosition(const Store& store, uint64_t newest_after);

// The newest moment that records of tenants, keys and lists tell of. Catches up with a mark that
// lags, so the marks must have been looked at before.
absl::StatusOr<absl::Time> NewestInDirectory(Store* store);

}  // namespace dnc
