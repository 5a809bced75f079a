#include "server/config/options.h"

#include <filesystem>

#include "server/records/idempotency_keys.h"
#include "server/storage/tenant_columns.h"

namespace dnc {

StoreOptions StoreOptionsOf(const ServerConfig& config) {
  StoreOptions options;
  options.path = (std::filesystem::path(config.data_dir) / "store").string();
  options.block_cache_bytes = config.storage.block_cache_bytes;
  return options;
}

RegistryOptions RegistryOptionsOf(const ServerConfig& config) {
  RegistryOptions options;
  options.data_dir = config.data_dir;
  options.load_dirs = config.registry.load_dirs;
  options.policy = config.policy;
  options.guards = config.guards;
  options.read_limits.max_unpacked_bytes = config.registry.max_unpacked_bytes;
  options.read_limits.max_ratio = config.registry.max_archive_ratio;
  options.load_threads = config.registry.load_threads;
  options.max_waiting_loads = config.registry.max_waiting_loads;
  options.max_upload_bytes = config.registry.max_upload_bytes;
  options.history_cache_bytes = config.registry.history_cache_bytes;
  options.keep_releases = config.registry.keep_releases;
  options.max_releases = config.registry.max_releases;
  options.max_lists = config.registry.max_lists;
  return options;
}

StoreOptions TenantStoreOptionsOf(const ServerConfig& config, const Clock* clock) {
  StoreOptions options;
  options.path = (std::filesystem::path(config.data_dir) / "tenants").string();
  options.block_cache_bytes = config.tenants.block_cache_bytes;
  options.columns = TenantColumns();
  options.request_is_old = [age = config.tenants.request_id_age, clock](std::string_view key,
                                                                        std::string_view value) {
    return RequestIsOld(key, value, clock->Now(), age);
  };
  return options;
}

DirectoryLimits DirectoryLimitsOf(const ServerConfig& config) {
  DirectoryLimits limits;
  limits.max_tenants = static_cast<uint32_t>(config.tenants.max_tenants);
  limits.max_keys = static_cast<uint32_t>(config.tenants.max_keys);
  limits.max_lists = static_cast<uint32_t>(config.tenants.max_lists);
  limits.max_blocks = static_cast<uint32_t>(config.tenants.max_blocks);
  limits.max_changes = static_cast<uint32_t>(config.tenants.max_changes);
  return limits;
}

TenantRecordsOptions RecordsOptionsOf(const ServerConfig& config) {
  TenantRecordsOptions options;
  options.data_dir = config.data_dir;
  options.filter_bits = config.tenants.filter_bits;
  options.filter_wear = config.tenants.filter_wear;
  options.request_id_age = config.tenants.request_id_age;
  options.max_request_ids = config.tenants.max_request_ids;
  options.change_age = config.tenants.change_age;
  options.max_changes = config.tenants.max_kept_changes;
  options.max_waiting_writes = static_cast<uint32_t>(config.tenants.max_waiting_writes);
  options.max_records = config.tenants.max_records;
  return options;
}

Quotas DefaultQuotasOf(const ServerConfig& config) {
  Quotas quotas;
  quotas.numbers_per_second = config.tenants.numbers_per_second;
  quotas.calls_under_way = static_cast<uint32_t>(config.tenants.calls_under_way);
  quotas.max_records = config.tenants.max_tenant_records;
  return quotas;
}

}  // namespace dnc
