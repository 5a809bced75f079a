// From the configuration to the options of the rooms below.
#pragma once

#include "server/base/clock.h"
#include "server/config/server_config.h"
#include "server/records/tenant_records.h"
#include "server/registry/registry.h"
#include "server/storage/store.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// The store lies in the folder `store` of the data folder.
StoreOptions StoreOptionsOf(const ServerConfig& config);
RegistryOptions RegistryOptionsOf(const ServerConfig& config);

// The tenants' store lies in the folder `tenants` of the data folder.
// `clock` must outlive the store.
StoreOptions TenantStoreOptionsOf(const ServerConfig& config, const Clock* clock);
DirectoryLimits DirectoryLimitsOf(const ServerConfig& config);
TenantRecordsOptions RecordsOptionsOf(const ServerConfig& config);
// Of tenants without quotas of their own.
Quotas DefaultQuotasOf(const ServerConfig& config);

}  // namespace dnc
