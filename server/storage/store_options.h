// How RocksDB is set up, and its errors as ours. Inside server/storage only.
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

// OK, DISK_FULL, or STORAGE with a code and a remedy that fit; `doing` begins the message.
absl::Status FromRocks(const rocksdb::Status& status, std::string_view doing);

// Returns whether an error is one after which RocksDB takes no writes until the store is opened
// anew.
bool IsStuck(const rocksdb::Status& status);
// Tells StoreOptions::on_stuck.
std::shared_ptr<rocksdb::EventListener> WatchErrors(const StoreOptions& options);

// The column family's name on the disk.
const char* ColumnName(Column column);
rocksdb::Options DatabaseOptions(const StoreOptions& store,
                                 const std::shared_ptr<rocksdb::Cache>& cache);
rocksdb::ColumnFamilyOptions ColumnOptions(Column column,
                                           const std::shared_ptr<rocksdb::Cache>& cache);
// What RocksDB asks about each entry of kRequests that it rewrites.
std::shared_ptr<rocksdb::CompactionFilterFactory> OldRequests(
    std::function<bool(std::string_view key, std::string_view value)> is_old);

}  // namespace dnc
