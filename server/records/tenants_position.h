// How far the tenants' store is, read before anybody uses it.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/storage/store.h"

namespace dnc {

struct TenantsPosition {
  uint64_t revision = 0;  // the last change of the directory or of records
  // The newest moment that the server's clock is known to have had, by the changes above the
  // revision that was asked for.
  absl::Time newest = absl::InfinitePast();
  // A version that noted no time has written the directory, so it may know a newer moment: ask
  // NewestInDirectory.
  bool reads_all = false;
};

// DATA_LOSS if what is read is damaged.
absl::StatusOr<TenantsPosition> ReadTenantsPosition(const Store& store, uint64_t newest_after);

// The newest moment that the records of tenants, keys and lists tell of. It catches up with a mark
// that lags, so the marks must have been looked at before.
absl::StatusOr<absl::Time> NewestInDirectory(Store* store);

}  // namespace dnc
