// Everything that can be set about a server. docs/configuration.md lists the keys of the file; the
// defaults stand here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/registry/guards.h"
#include "server/registry/policy.h"

namespace dnc {

// The server's certificate, both files in PEM form; both empty: plain text.
struct TlsConfig {
  std::string certificate;  // with those between it and the authority's
  std::string key;

  bool enabled() const { return !certificate.empty(); }
};

// How calls are served.
struct RpcConfig {
  int threads = 0;                                // that serve calls; 0: one a core
  absl::Duration spin = absl::Microseconds(200);  // looking for the next event before sleeping
  int armed_calls = 32;                           // of each scrub method, waiting on each thread
  int worker_threads = 4;                         // for calls that read the disk or wait
  int worker_queue = 1024;                        // calls that wait for a worker
  absl::Duration drain;                           // goes on serving, not ready, before it stops
  absl::Duration stop_grace = absl::Seconds(5);   // for calls under way when the server stops
  absl::Duration keepalive = absl::Seconds(30);   // of quiet, before a connection is pinged
  absl::Duration keepalive_timeout = absl::Seconds(20);  // for the answer to a ping
  absl::Duration watch_heartbeat = absl::Seconds(20);    // of quiet, before a watch says so
};

// What a caller may ask for.
struct LimitsConfig {
  int max_batch = 10'000;                            // numbers
  int max_request_bytes = 4 << 20;                   // of a message
  int numbers_under_way = 500'000;                   // of scrubs, for each thread that serves calls
  int max_streams = 1024;                            // calls at the same time on a connection
  int max_uploads = 8;                               // at the same time
  int max_key_uploads = 4;                           // of those, of one key
  int max_tenant_streams = 100;                      // imports of a tenant, and as many watches
  int max_health_watches = 1024;                     // at the same time; half of one address
  int max_metadata_bytes = 16 << 10;                 // of a call
  absl::Duration silent_stream = absl::Seconds(60);  // then a stream's place is given to others
  absl::Duration revision_wait = absl::Seconds(1);   // for at_least_revision
};

// How files are loaded and releases kept; fields as in RegistryOptions.
struct RegistryConfig {
  std::vector<std::string> load_dirs;
  int load_threads = 0;
  int max_waiting_loads = 16;
  uint64_t max_upload_bytes = 8ULL << 30;
  uint64_t history_cache_bytes = 64ULL << 20;
  int keep_releases = 1;
  int max_releases = 2000;
  int max_lists = 1000;
  uint64_t max_unpacked_bytes = 16ULL << 30;
  uint64_t max_archive_ratio = 200;
};

// Tenants, their keys, lists and quotas; fields as in DirectoryLimits, TenantRecordsOptions and
// Quotas.
struct TenantsConfig {
  int max_tenants = 100'000;
  int max_keys = 100;        // live ones of a tenant
  int max_lists = 1'000;     // of a tenant
  int max_blocks = 10'000;   // of a tenant
  int max_changes = 10'000;  // recorded of a tenant
  uint64_t block_cache_bytes = 256ULL << 20;
  double filter_bits = 12;   // a record
  double filter_wear = 0.2;  // share of deleted records that calls for a rebuild
  absl::Duration request_id_age = absl::Hours(48);
  uint64_t max_request_ids = 100'000'000;
  absl::Duration change_age = absl::Hours(24 * 30);
  uint64_t max_kept_changes = 100'000'000;
  int max_waiting_writes = 10'000;
  uint64_t max_records = 2'000'000'000;  // of all tenants together
  // Of a tenant that has no quota of its own; 0: no limit.
  uint64_t numbers_per_second = 0;
  int calls_under_way = 0;
  uint64_t max_tenant_records = 0;
};

struct StorageConfig {
  uint64_t block_cache_bytes = 16ULL << 20;
};

struct ServerConfig {
  std::string data_dir;
  std::string listen = "127.0.0.1:50061";         // HOST:PORT or unix:/PATH
  uint32_t socket_mode = 0660;                    // of a unix socket
  std::string metrics_listen = "127.0.0.1:9461";  // empty: off
  std::string log_level = "info";
  TlsConfig tls;
  RpcConfig rpc;
  LimitsConfig limits;
  Policy policy;
  GuardLimits guards;
  RegistryConfig registry;
  TenantsConfig tenants;
  StorageConfig storage;
};

}  // namespace dnc
