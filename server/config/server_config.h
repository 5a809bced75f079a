// Everything that can be set about a server: the options of the rooms, as the configuration file
// fills them. docs/configuration.md lists the keys of the file. Each default stands with its field,
// in the room that uses it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/http/http_options.h"
#include "server/index/page_pool.h"
#include "server/intake/intake.h"
#include "server/records/tenant_records.h"
#include "server/registry/registry.h"
#include "server/rpc/options.h"
#include "server/storage/store.h"
#include "server/tenants/tenant.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// What a file cannot say (the folder of a store, whom to call back) is left unset, and filled in
// where the stores are opened (server/assembly/open_stores.h).
struct ServerConfig {
  std::string data_dir;
  std::string listen = "127.0.0.1:50061";         // HOST:PORT or unix:/PATH
  uint32_t socket_mode = 0660;                    // permissions of a unix socket
  std::string metrics_listen = "127.0.0.1:9461";  // empty: no metrics page
  std::string log_level = "info";
  HugePages huge_pages = HugePages::kMadvise;  // where the indexes' memory comes from
  TlsOptions tls;
  RpcOptions rpc;
  RequestLimits limits;
  HttpOptions http;
  RegistryOptions registry;  // also section `policy`
  IntakeOptions intake;      // also section `guards`
  StoreOptions published_store;
  // Section `tenants` fills the fields from here on.
  DirectoryLimits directory;
  TenantRecordsOptions records;
  Quotas default_quotas;  // for a tenant without quotas of its own; 0: no limit
  // Keys of the file that say nothing any more, each with its line.
  std::vector<std::string> retired_keys;
  StoreOptions tenant_store = {.block_cache_bytes = 256ULL << 20};
};

}  // namespace dnc
