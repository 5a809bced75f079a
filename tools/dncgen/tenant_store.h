// Writes a server's data folder with the tenants of a plan and their records, as the server itself
// would have left it: for measuring at full size, where writing one by one would take hours.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace dnc {

struct TenantStoreOptions {
  std::string data_dir;  // has no tenants' records yet; made if missing
  uint64_t tenants = 0;
  uint64_t records = 0;  // of all tenants, at least as many as tenants
  uint64_t seed = 1;
  int threads = 1;
  std::function<void(uint64_t records)> progress;  // written so far; may be called by any thread
};

struct TenantStoreResult {
  uint64_t records = 0;
  uint64_t revision = 0;
};

// Each tenant may ask about every area code and has the lists `internal`, `customers` (ebr) and
// `consents` (consent). Errors: INVALID_ARGUMENT, FAILED_PRECONDITION if there are records already
// or a server has the folder open, RESOURCE_EXHAUSTED DISK_FULL.
absl::StatusOr<TenantStoreResult> WriteTenantStore(const TenantStoreOptions& options);

}  // namespace dnc
