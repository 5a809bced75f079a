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
};

// DATA_LOSS if what is read is damaged.
absl::StatusOr<TenantsPosition> ReadTenantsPosition(Store* store, uint64_t newest_after);

}  // namespace dnc
