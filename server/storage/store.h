// The durable key-value store: RocksDB with the settings that keep promises.
//
// Recovery refuses rather than rolls back, every read verifies checksums, and what a Write
// acknowledged is synced. A full disk fails writes with DISK_FULL and leaves reads alone; the next
// write tries again.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
}  // namespace rocksdb

namespace dnc {

// What a key belongs to; each has a column family of its own.
enum class Column : uint8_t {
  kMeta,     // catalog, releases, loads
  kBlocks,   // exchanges of published lists
  kChanges,  // numbers that came and went, a record a release and area code
};
inline constexpr int kColumnCount = 3;

struct StoreOptions {
  std::string path;
  uint64_t block_cache_bytes = 16ULL << 20;
};

// Changes that become durable together or not at all.
class StoreBatch {
 public:
  StoreBatch();
  ~StoreBatch();
  StoreBatch(const StoreBatch&) = delete;
  StoreBatch& operator=(const StoreBatch&) = delete;
  void Put(Column column, std::string_view key, std::string_view value);
  void Delete(Column column, std::string_view key);
  uint64_t bytes() const;

 private:
  friend class Store;
  struct Entry {
    Column column;
    bool put;
    std::string key;
    std::string value;
  };
  std::vector<Entry> entries_;
  uint64_t bytes_ = 0;
};

// Writes sorted keys straight into a file that the store takes over. Not thread-safe.
class StoreIngest {
 public:
  virtual ~StoreIngest() = default;
  // Keys ascending, each once, none of them in the store.
  virtual absl::Status Add(std::string_view key, std::string_view value) = 0;
  // Makes what was added durable and readable. Without it nothing remains.
  virtual absl::Status Finish() = 0;
};

class Store {
 public:
  // Creates the folder if need be. Errors: FAILED_PRECONDITION STORAGE if another process has
  // it open, DATA_LOSS STORAGE if it is damaged.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const StoreOptions& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Not found: nullopt. An error is never "not found".
  absl::StatusOr<std::optional<std::string>> Get(Column column, std::string_view key) const;

  // Calls `fn` for each key in [begin, end), ascending, until it returns an error.
  absl::Status Scan(
      Column column, std::string_view begin, std::string_view end,
      absl::FunctionRef<absl::Status(std::string_view key, std::string_view value)> fn) const;

  // The first key in [begin, end), or nullopt.
  absl::StatusOr<std::optional<std::string>> FirstKey(Column column, std::string_view begin,
                                                      std::string_view end) const;
  // The last key in [begin, end), or nullopt.
  absl::StatusOr<std::optional<std::string>> LastKey(Column column, std::string_view begin,
                                                     std::string_view end) const;

  // Durable when it returns OK. RESOURCE_EXHAUSTED DISK_FULL, or STORAGE: nothing was written.
  absl::Status Write(const StoreBatch& batch);

  absl::StatusOr<std::unique_ptr<StoreIngest>> NewIngest(Column column);

  // Removes the keys in [begin, end) and gives their room back to the disk.
  absl::Status Drop(Column column, std::string_view begin, std::string_view end);

  // RESOURCE_EXHAUSTED DISK_FULL if the disk has less than `bytes` and a reserve left.
  absl::Status CheckRoom(uint64_t bytes) const;

  const std::string& path() const { return path_; }

 private:
  Store() = default;

  friend class RocksIngest;
  std::string path_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> columns_;
};

}  // namespace dnc
