// The durable key-value store: RocksDB with settings that keep our promises.
//
// Recovery refuses damage instead of rolling back, every read verifies checksums, and what Write
// acknowledged is synced. On a full disk writes fail with DISK_FULL while reads go on; the next
// write tries again.
//
// Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
}  // namespace rocksdb

namespace dnc {

class RevisionNote;

// The group that a key belongs to; each has its own column family. The registry's store and the
// tenants' store have some of them each.
enum class Column : uint8_t {
  kMeta,           // catalog, releases, loads; tenants, keys, positions
  kBlocks,         // exchanges of published lists
  kChanges,        // numbers that came and went, one record per release and area code
  kRecords,        // records of tenants' lists; keys begin with a StorePrefix
  kRecordChanges,  // changes of tenants' lists, for callers that follow them
  kRequests,       // request ids of writes that were answered
};
inline constexpr int kColumnCount = 6;

// The first bytes of a key in Column::kRecords: tenant (4 bytes) and number (5).
inline constexpr size_t kStorePrefixBytes = 9;
using StorePrefix = std::array<char, kStorePrefixBytes>;

struct StoreOptions {
  std::string path;
  uint64_t block_cache_bytes = 16ULL << 20;
  // kMeta must be among them. A column that is not named here must not be used.
  std::vector<Column> columns = {Column::kMeta, Column::kBlocks, Column::kChanges};
  // Returns whether an entry of kRequests is no longer needed. Such entries are dropped when their
  // file is rewritten, within a day or two. Called on any thread; null if all entries are needed.
  std::function<bool(std::string_view key, std::string_view value)> request_is_old;
  // Called, with the cause, when the store takes no more writes until it is opened again: RocksDB
  // has met an error from which it does not recover. Called on any thread, at most once for each
  // store. May be null.
  std::function<void(const absl::Status& cause)> on_stuck;
  // Reserves no disk space beforehand, and opens files with one thread: for callers that open
  // thousands of small stores in memory.
  bool sparing = false;
};

// Changes that become durable together or not at all, in the order of the calls. They are kept in
// one buffer, so that a change costs no allocation. Not thread-safe.
class StoreBatch {
 public:
  void Put(Column column, std::string_view key, std::string_view value);
  void Delete(Column column, std::string_view key);
  // Deletes the keys in [begin, end). Their disk space is freed over time.
  void DeleteRange(Column column, std::string_view begin, std::string_view end);
  void Clear();
  // Returns how many bytes the keys and values have.
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

// The store as it was when the snapshot was taken. It must be destroyed before its store. A
// snapshot keeps old versions on the disk, so hold it for a scan, not forever. Thread-safe.
class StoreSnapshot {
 public:
  virtual ~StoreSnapshot() = default;
  // Does what Store::Get does.
  virtual absl::StatusOr<std::optional<std::string>> Get(Column column,
                                                         std::string_view key) const = 0;
  // Does what Store::Scan does.
  virtual absl::Status Scan(
      Column column, std::string_view begin, std::string_view end,
      absl::FunctionRef<absl::Status(std::string_view key, std::string_view value)> fn) const = 0;
};

// Writes sorted keys directly into a file that the store takes over. Not thread-safe.
class StoreIngest {
 public:
  virtual ~StoreIngest() = default;
  // The keys must be ascending and unique, and none may be in the store.
  virtual absl::Status Add(std::string_view key, std::string_view value) = 0;
  // Makes what was added durable and readable. Without this call nothing remains.
  virtual absl::Status Finish() = 0;
};

class Store {
 public:
  // Opens the store, creating the folder if necessary. Fails with FAILED_PRECONDITION STORAGE if
  // another process has it open, and with DATA_LOSS STORAGE if it is damaged.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const StoreOptions& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Returns nullopt if the key is not there. An error never means "not found".
  absl::StatusOr<std::optional<std::string>> Get(Column column, std::string_view key) const;

  // Calls `fn` for each key in [begin, end), ascending, until it returns an error, which is
  // returned. With an empty `end`, goes on to the last key.
  absl::Status Scan(
      Column column, std::string_view begin, std::string_view end,
      absl::FunctionRef<absl::Status(std::string_view key, std::string_view value)> fn) const;

  // Returns a view of what is written up to now; later writes do not change it.
  std::unique_ptr<StoreSnapshot> Snapshot() const;

  // Calls `fn` for each key of kRecords that begins with prefixes[index]. It goes through the
  // prefixes as given, and through the keys of each in ascending order, until `fn` returns an
  // error, which is returned. One iterator serves all prefixes; ascending ones are the fastest.
  // `key` and `value` are valid during the call of `fn`.
  absl::Status ReadPrefixes(
      absl::Span<const StorePrefix> prefixes,
      absl::FunctionRef<absl::Status(size_t index, std::string_view key, std::string_view value)>
          fn) const;

  // Returns the first key in [begin, end), or nullopt.
  absl::StatusOr<std::optional<std::string>> FirstKey(Column column, std::string_view begin,
                                                      std::string_view end) const;
  // Returns the last key in [begin, end), or nullopt.
  absl::StatusOr<std::optional<std::string>> LastKey(Column column, std::string_view begin,
                                                     std::string_view end) const;

  // Estimates how many keys a column has. Entries that were overwritten or deleted may still count.
  uint64_t EstimateCount(Column column) const;

  // Writes the batch, durable when it returns OK. Fails with RESOURCE_EXHAUSTED DISK_FULL or with
  // STORAGE; nothing was written then.
  absl::Status Write(const StoreBatch& batch);

  absl::StatusOr<std::unique_ptr<StoreIngest>> NewIngest(Column column);

  // Removes the keys in [begin, end) and returns their space to the disk.
  absl::Status Drop(Column column, std::string_view begin, std::string_view end);

  // Fails with RESOURCE_EXHAUSTED DISK_FULL unless the disk has `bytes` and a reserve left.
  absl::Status CheckRoom(uint64_t bytes) const;

  const std::string& path() const { return path_; }

  // Returns OK if the files that were opened are those that were sealed when the store was closed,
  // so it holds everything that it held. Otherwise says why that is not certain; NOT_FOUND if there
  // was no seal (store_seal.h).
  const absl::Status& sealed() const { return sealed_; }
  // Returns whether the folder held no database before.
  bool made() const { return made_; }

  // Sets where this store's revisions are noted in the data folder's other store; null if nowhere.
  void SetNote(std::unique_ptr<RevisionNote> note);
  // Notes that a change under `revision` is durable. Call it before acknowledging the change.
  void NoteRevision(uint64_t revision);
  // Waits until the disk has what was noted, without delaying those who note.
  void SyncNote();

  // Seals the files when the store is closed. For an owner who knows that nothing is missing.
  void SealWhenClosed() { seal_when_closed_ = true; }

 private:
  Store() = default;

  friend class RocksIngest;
  friend class RocksSnapshot;
  rocksdb::ColumnFamilyHandle* Handle(Column column) const;

  std::string path_;
  std::unique_ptr<rocksdb::DB> db_;
  // Null for a column that is not opened.
  std::array<rocksdb::ColumnFamilyHandle*, kColumnCount> columns_{};
  absl::Status sealed_;
  bool made_ = false;
  bool seal_when_closed_ = false;
  absl::Mutex note_mutex_;
  std::shared_ptr<RevisionNote> note_ ABSL_GUARDED_BY(note_mutex_);
};

}  // namespace dnc
