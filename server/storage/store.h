// The durable key-value store: RocksDB with the settings that keep promises.
//
// Recovery refuses rather than rolls back, every read verifies checksums, and what a Write
// acknowledged is synced. A full disk fails writes with DISK_FULL and leaves reads alone; the next
// write tries again.
//
// Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
}  // namespace rocksdb

namespace dnc {

class RevisionNote;

// What a key belongs to; each has a column family of its own. The registry's store and the tenants'
// store have some each.
enum class Column : uint8_t {
  kMeta,           // catalog, releases, loads; tenants, keys, positions
  kBlocks,         // exchanges of published lists
  kChanges,        // numbers that came and went, a record a release and area code
  kRecords,        // records of tenants' lists; keys begin with a StorePrefix
  kRecordChanges,  // changes of tenants' lists, for those who follow them
  kRequests,       // request ids of writes that were answered
};
inline constexpr int kColumnCount = 6;

// The first bytes of a key of Column::kRecords: tenant (4 bytes) and number (5).
inline constexpr size_t kStorePrefixBytes = 9;
using StorePrefix = std::array<char, kStorePrefixBytes>;

struct StoreOptions {
  std::string path;
  uint64_t block_cache_bytes = 16ULL << 20;
  // kMeta among them. A column that is not named here must not be used.
  std::vector<Column> columns = {Column::kMeta, Column::kBlocks, Column::kChanges};
  // Whether an entry of kRequests is of no more use. Such entries are left out when their file is
  // rewritten, which happens within a day or two. Asked on any thread; null: all are of use.
  std::function<bool(std::string_view key, std::string_view value)> request_is_old;
  // Called when the store takes no writes any more until it is opened anew: an error that RocksDB
  // doesn't get over. With its cause; on any thread, at most once a store. Null: nobody is told.
  std::function<void(const absl::Status& cause)> on_stuck;
  // Without room that is taken beforehand and with one thread to open files: for who opens
  // thousands of small stores in memory.
  bool sparing = false;
};

// Changes that become durable together or not at all, in the order of the calls. Kept in one
// buffer, so that a change costs no allocation. Not thread-safe.
class StoreBatch {
 public:
  void Put(Column column, std::string_view key, std::string_view value);
  void Delete(Column column, std::string_view key);
  // The keys in [begin, end); their room comes back with time.
  void DeleteRange(Column column, std::string_view begin, std::string_view end);
  void Clear();
  // Of the keys and values.
  uint64_t bytes() const { return bytes_; }
  uint64_t count() const { return count_; }

 private:
  friend class Store;
  enum class Action : uint8_t { kPut, kDelete, kDeleteRange };
  void Append(Column column, Action action, std::string_view key, std::string_view value);

  std::string buffer_;
  uint64_t bytes_ = 0;
  uint64_t count_ = 0;
};

// The store as it was when the snapshot was taken; must go before its store. Thread-safe. A
// snapshot keeps old versions on the disk: hold it for a scan, not for ever.
class StoreSnapshot {
 public:
  virtual ~StoreSnapshot() = default;
  // As Store::Get.
  virtual absl::StatusOr<std::optional<std::string>> Get(Column column,
                                                         std::string_view key) const = 0;
  // As Store::Scan.
  virtual absl::Status Scan(
      Column column, std::string_view begin, std::string_view end,
      absl::FunctionRef<absl::Status(std::string_view key, std::string_view value)> fn) const = 0;
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

  // Calls `fn` for each key in [begin, end), ascending, until it returns an error, which is
  // returned. An empty `end`: up to the last key.
  absl::Status Scan(
      Column column, std::string_view begin, std::string_view end,
      absl::FunctionRef<absl::Status(std::string_view key, std::string_view value)> fn) const;

  // What is written up to now, unmoved by what is written later.
  std::unique_ptr<StoreSnapshot> Snapshot() const;

  // Calls `fn` for each key of kRecords that begins with prefixes[index], by prefix as given and
  // ascending within it, until it returns an error, which is returned. One iterator serves all:
  // ascending prefixes are the fastest. `key` and `value` last for the call of `fn`.
  absl::Status ReadPrefixes(
      absl::Span<const StorePrefix> prefixes,
      absl::FunctionRef<absl::Status(size_t index, std::string_view key, std::string_view value)>
          fn) const;

  // The first key in [begin, end), or nullopt.
  absl::StatusOr<std::optional<std::string>> FirstKey(Column column, std::string_view begin,
                                                      std::string_view end) const;
  // The last key in [begin, end), or nullopt.
  absl::StatusOr<std::optional<std::string>> LastKey(Column column, std::string_view begin,
                                                     std::string_view end) const;

  // About how many keys a column has; entries that were written over or deleted may count still.
  uint64_t EstimateCount(Column column) const;

  // Durable when it returns OK. RESOURCE_EXHAUSTED DISK_FULL, or STORAGE: nothing was written.
  absl::Status Write(const StoreBatch& batch);

  absl::StatusOr<std::unique_ptr<StoreIngest>> NewIngest(Column column);

  // Removes the keys in [begin, end) and gives their room back to the disk.
  absl::Status Drop(Column column, std::string_view begin, std::string_view end);

  // RESOURCE_EXHAUSTED DISK_FULL if the disk has less than `bytes` and a reserve left.
  absl::Status CheckRoom(uint64_t bytes) const;

  const std::string& path() const { return path_; }

  // OK: the files that were opened are those that were sealed when the store was closed, so it
  // holds all that it held. Otherwise why that is not known; NOT_FOUND: no seal (store_seal.h).
  const absl::Status& sealed() const { return sealed_; }
  // True if there was no database in the folder before.
  bool made() const { return made_; }

  // Where the other store of the data folder is told of this one's revisions; none: nowhere.
  void SetNote(std::unique_ptr<RevisionNote> note);
  // A change under `revision` is durable; called before that is acknowledged.
  void NoteRevision(uint64_t revision);
  // Waits until the disk has what was noted; keeps nobody waiting who notes.
  void SyncNote();

  // Has the files sealed when the store is closed. For an owner who knows that nothing is missing.
  void SealWhenClosed() { seal_when_closed_ = true; }

 private:
  Store() = default;

  friend class RocksIngest;
  friend class RocksSnapshot;
  rocksdb::ColumnFamilyHandle* Handle(Column column) const;

  std::string path_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kColumnCount> columns_{};  // null: not opened
  absl::Status sealed_;
  bool made_ = false;
  bool seal_when_closed_ = false;
  std::mutex note_mutex_;
  std::shared_ptr<RevisionNote> note_;  // guarded by note_mutex_
};

}  // namespace dnc
