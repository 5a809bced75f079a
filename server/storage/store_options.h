// Configures RocksDB, and converts its errors to ours. Only for server/storage.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/slice.h>
#include <rocksdb/status.h>

#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "server/storage/store.h"

namespace dnc {

inline rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }

// Returns OK, DISK_FULL, or STORAGE with a fitting code and remedy. `doing` begins the message.
absl::Status FromRocks(const rocksdb::Status& status, std::string_view doing);

// Returns whether RocksDB takes no writes after this error until the store is opened again.
bool IsStuck(const rocksdb::Status& status);
// Returns a listener that calls StoreOptions::on_stuck.
std::shared_ptr<rocksdb::EventListener> WatchErrors(const StoreOptions& options);

// Returns the column family's name on the disk.
const char* ColumnName(Column column);
rocksdb::Options DatabaseOptions(const StoreOptions& store,
                                 const std::shared_ptr<rocksdb::Cache>& cache);
rocksdb::ColumnFamilyOptions ColumnOptions(Column column,
                                           const std::shared_ptr<rocksdb::Cache>& cache);
// Returns the filter that RocksDB asks about each entry of kRequests that it rewrites.
std::shared_ptr<rocksdb::CompactionFilterFactory> OldRequests(
    std::function<bool(std::string_view key, std::string_view value)> is_old);

}  // namespace dnc
