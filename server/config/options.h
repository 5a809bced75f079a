// From the configuration to the options of the rooms below.
#pragma once

#include "server/config/server_config.h"
#include "server/registry/registry.h"
#include "server/storage/store.h"

namespace dnc {

// The store lies in the folder `store` of the data folder.
StoreOptions StoreOptionsOf(const ServerConfig& config);
RegistryOptions RegistryOptionsOf(const ServerConfig& config);

}  // namespace dnc
