#include "server/config/options.h"

#include <filesystem>

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

}  // namespace dnc
