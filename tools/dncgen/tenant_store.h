// Writes a server's data folder with the tenants of a plan and their records, as the server itself
// would have left it. It is for measurements at full size, where writing one by one would take
// hours.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace dnc {

struct TenantStoreOptions {
  std::string data_dir;  // must have no tenants' records yet; made if missing
  uint64_t tenants = 0;
  uint64_t records = 0;  // of all tenants; at least as many as tenants
  uint64_t seed = 1;
  int threads = 1;
  // How many are written so far; any thread may call it.
  std::function<void(uint64_t records)> progress;
};

struct TenantStoreResult {
  uint64_t records = 0;
  uint64_t revision = 0;
};

// Each tenant may ask about every area code and has the lists `internal`, `customers` (ebr) and
// `consents` (consent). Fails with INVALID_ARGUMENT, with FAILED_PRECONDITION if there are records
// already or a server has the folder open, and with RESOURCE_EXHAUSTED DISK_FULL.
absl::StatusOr<TenantStoreResult> WriteTenantStore(const TenantStoreOptions& options);

}  // namespace dnc
