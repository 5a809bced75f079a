#include "server/storage/store.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "server/base/check.h"
#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/storage/manifest_check.h"
#include "server/storage/revision_note.h"
#include "server/storage/store_options.h"
#include "server/storage/store_seal.h"

namespace dnc {
namespace {

// So much space is left free for the log and the manifest, so that a full disk is noticed before it
// causes harm.
constexpr uint64_t kReserveBytes = 16ULL << 20;

constexpr std::string_view kStuck =
    "the store takes no writes until dncd is started again, because of an earlier error";

using ScanFn = absl::FunctionRef<absl::Status(std::string_view, std::string_view)>;

absl::StatusOr<std::optional<std::string>> GetFrom(rocksdb::DB* db,
                                                   const rocksdb::Snapshot* snapshot,
                                                   rocksdb::ColumnFamilyHandle* column,
                                                   std::string_view key) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  std::string value;
  const auto status = db->Get(options, column, ToSlice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  DNC_RETURN_IF_ERROR(FromRocks(status, "reading the store"));
  return value;
}

absl::Status ScanFrom(rocksdb::DB* db, const rocksdb::Snapshot* snapshot,
                      rocksdb::ColumnFamilyHandle* column, std::string_view begin,
                      std::string_view end, ScanFn fn) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  options.total_order_seek = true;  // the order goes across prefixes
  options.readahead_size = 4 << 20;
  options.fill_cache = false;
  const rocksdb::Slice bound = ToSlice(end);
  if (!end.empty()) options.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> it(db->NewIterator(options, column));
  for (it->Seek(ToSlice(begin)); it->Valid(); it->Next()) {
    DNC_RETURN_IF_ERROR(fn(it->key().ToStringView(), it->value().ToStringView()));
  }
  return FromRocks(it->status(), "scanning the store");
}

rocksdb::ReadOptions TotalOrder() {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  return options;
}

}  // namespace

// Writes one SST file beside the database, which IngestExternalFiles moves in.
class RocksIngest : public StoreIngest {
 public:
  RocksIngest(Store* store, Column column, std::string path)
      : store_(store),
        column_(store->Handle(column)),
        path_(std::move(path)),
        // Ingested files go to the lowest level; ColumnOptions says which filters that level has.
        writer_(rocksdb::EnvOptions(), store->db_->GetOptions(column_), column_,
                /*invalidate_page_cache=*/true, rocksdb::Env::IOPriority::IO_TOTAL,
                /*skip_filters=*/column == Column::kRecords) {}

  ~RocksIngest() override {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

  absl::Status Open() { return FromRocks(writer_.Open(path_), "opening a file to ingest"); }

  absl::Status Add(std::string_view key, std::string_view value) override {
    ++count_;
    return FromRocks(writer_.Put(ToSlice(key), ToSlice(value)), "writing a file to ingest");
  }

  absl::Status Finish() override {
    if (count_ == 0) return absl::OkStatus();
    // Finish syncs the file, and the ingestion syncs the manifest.
    DNC_RETURN_IF_ERROR(FromRocks(writer_.Finish(), "finishing a file to ingest"));
    rocksdb::IngestExternalFileOptions options;
    options.move_files = true;
    options.write_global_seqno = false;
    options.failed_move_fall_back_to_copy = true;
    return FromRocks(store_->db_->IngestExternalFile(column_, {path_}, options),
                     "ingesting a file");
  }

 private:
  Store* store_;
  rocksdb::ColumnFamilyHandle* column_;
  std::string path_;
  rocksdb::SstFileWriter writer_;
  uint64_t count_ = 0;
};

class RocksSnapshot : public StoreSnapshot {
 public:
  explicit RocksSnapshot(const Store* store)
      : store_(store), snapshot_(store->db_->GetSnapshot()) {}
  RocksSnapshot(const RocksSnapshot&) = delete;
  RocksSnapshot& operator=(const RocksSnapshot&) = delete;
  ~RocksSnapshot() override { store_->db_->ReleaseSnapshot(snapshot_); }

  absl::StatusOr<std::optional<std::string>> Get(Column column,
                                                 std::string_view key) const override {
    return GetFrom(store_->db_.get(), snapshot_, store_->Handle(column), key);
  }

  absl::Status Scan(Column column, std::string_view begin, std::string_view end,
                    ScanFn fn) const override {
    return ScanFrom(store_->db_.get(), snapshot_, store_->Handle(column), begin, end, fn);
  }

 private:
  const Store* store_;
  const rocksdb::Snapshot* snapshot_;
};

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.path, error);
  if (error) return FileError("making", options.path, error.value());
  auto store = std::unique_ptr<Store>(new Store());
  store->path_ = options.path;
  const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const Column column : options.columns) {
    descriptors.emplace_back(ColumnName(column), ColumnOptions(column, cache));
    if (column == Column::kRequests && options.request_is_old) {
      descriptors.back().options.compaction_filter_factory = OldRequests(options.request_is_old);
    }
  }
  DNC_RETURN_IF_ERROR(CheckManifest(options.path));
  store->made_ = !std::filesystem::exists(options.path + "/CURRENT", error);
  store->sealed_ = TakeStoreSeal(options.path);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::Options database = DatabaseOptions(options, cache);
  if (options.on_stuck) database.listeners.push_back(WatchErrors(options));
  DNC_RETURN_IF_ERROR(
      FromRocks(rocksdb::DB::Open(database, options.path, descriptors, &handles, &db),
                StrCat("opening the store in ", options.path)));
  store->db_.reset(db);
  for (size_t i = 0; i < handles.size(); ++i) {
    store->columns_[static_cast<size_t>(options.columns[i])] = handles[i];
  }
  // Removes the files of an ingestion that a crash interrupted.
  for (const auto& entry : std::filesystem::directory_iterator(options.path, error)) {
    if (entry.path().extension() == ".ingest") std::filesystem::remove(entry.path(), error);
  }
  return store;
}

Store::~Store() {
  if (db_ == nullptr) return;
  KnownManifest manifest;
  absl::Status sealed;
  if (seal_when_closed_) {
    std::vector<std::string> files;
    sealed = FromRocks(db_->GetLiveFiles(files, &manifest.bytes, /*flush_memtable=*/false),
                       "listing the store's files");
    for (const std::string& file : files) {
      if (file.rfind("/MANIFEST-", 0) == 0) manifest.name = file.substr(1);
    }
  }
  for (auto* column : columns_) {
    if (column != nullptr) db_->DestroyColumnFamilyHandle(column);
  }
  const rocksdb::Status closed = db_->Close();
  db_.reset();
  if (!seal_when_closed_) return;
  sealed.Update(FromRocks(closed, "closing the store"));
  if (sealed.ok()) sealed = WriteStoreSeal(path_, manifest);
  if (!sealed.ok()) {
    LogWarn("{} is not sealed, so the next start may prove less: {}", path_,
            std::string(sealed.message()));
  }
}

void Store::SetNote(std::unique_ptr<RevisionNote> note) {
  const absl::MutexLock lock(&note_mutex_);
  note_ = std::move(note);
}

void Store::NoteRevision(uint64_t revision) {
  const absl::MutexLock lock(&note_mutex_);
  if (note_ != nullptr) note_->Note(revision);
}

void Store::SyncNote() {
  std::shared_ptr<RevisionNote> note;
  {
    const absl::MutexLock lock(&note_mutex_);
    note = note_;
  }
  if (note != nullptr) note->Sync();
}

rocksdb::ColumnFamilyHandle* Store::Handle(Column column) const {
  auto* handle = columns_[static_cast<size_t>(column)];
  DNC_CHECK(handle != nullptr, "a column that is not of StoreOptions::columns");
  return handle;
}

absl::StatusOr<std::optional<std::string>> Store::Get(Column column, std::string_view key) const {
  return GetFrom(db_.get(), nullptr, Handle(column), key);
}

absl::Status Store::Scan(Column column, std::string_view begin, std::string_view end,
                         ScanFn fn) const {
  return ScanFrom(db_.get(), nullptr, Handle(column), begin, end, fn);
}

std::unique_ptr<StoreSnapshot> Store::Snapshot() const {
  return std::make_unique<RocksSnapshot>(this);
}

absl::Status Store::ReadPrefixes(
    absl::Span<const StorePrefix> prefixes,
    absl::FunctionRef<absl::Status(size_t, std::string_view, std::string_view)> fn) const {
  if (prefixes.empty()) return absl::OkStatus();
  rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  options.verify_checksums = true;
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options, Handle(Column::kRecords)));
  for (size_t i = 0; i < prefixes.size(); ++i) {
    const std::string_view prefix(prefixes[i].data(), prefixes[i].size());
    for (it->Seek(ToSlice(prefix)); it->Valid() && it->key().starts_with(ToSlice(prefix));
         it->Next()) {
      DNC_RETURN_IF_ERROR(fn(i, it->key().ToStringView(), it->value().ToStringView()));
    }
    // An invalid iterator is at the end of the prefix only if it met no error.
    DNC_RETURN_IF_ERROR(FromRocks(it->status(), "reading the store"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> Store::FirstKey(Column column, std::string_view begin,
                                                           std::string_view end) const {
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(TotalOrder(), Handle(column)));
  it->Seek(ToSlice(begin));
  DNC_RETURN_IF_ERROR(FromRocks(it->status(), "scanning the store"));
  if (!it->Valid() || it->key().ToStringView() >= end) return std::nullopt;
  return it->key().ToString();
}

absl::StatusOr<std::optional<std::string>> Store::LastKey(Column column, std::string_view begin,
                                                          std::string_view end) const {
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(TotalOrder(), Handle(column)));
  it->SeekForPrev(ToSlice(end));
  if (it->Valid() && it->key().ToStringView() == end) it->Prev();
  DNC_RETURN_IF_ERROR(FromRocks(it->status(), "scanning the store"));
  if (!it->Valid() || it->key().ToStringView() < begin) return std::nullopt;
  return it->key().ToString();
}

uint64_t Store::EstimateCount(Column column) const {
  uint64_t count = 0;
  return db_->GetIntProperty(Handle(column), rocksdb::DB::Properties::kEstimateNumKeys, &count)
             ? count
             : 0;
}

absl::Status Store::Write(const StoreBatch& batch) {
  DNC_RETURN_IF_ERROR(CheckRoom(batch.bytes()));
  // After an error RocksDB refuses writes until it is told to resume.
  const rocksdb::Status resumed = db_->Resume();
  // RocksDB is already recovering by itself, as it does after a full disk, which takes some
  // seconds.
  if (resumed.IsBusy()) {
    return Error(reason::kDiskFull,
                 "the store recovers from a full disk; free some space if there is none, and "
                 "repeat the write in a moment");
  }
  if (!resumed.ok()) {
    return FromRocks(resumed, IsStuck(resumed) ? kStuck : "resuming after an earlier write error");
  }
  rocksdb::WriteBatch rocks(batch.buffer_.size() + 16);
  std::string_view rest = batch.buffer_;
  while (!rest.empty()) {  // in the format that StoreBatch::Append wrote
    uint32_t key_size = 0;
    uint32_t value_size = 0;
    std::memcpy(&key_size, rest.data() + 2, sizeof(key_size));
    std::memcpy(&value_size, rest.data() + 6, sizeof(value_size));
    auto* column = Handle(static_cast<Column>(rest[0]));
    const auto action = static_cast<StoreBatch::Action>(rest[1]);
    rest.remove_prefix(10);
    const rocksdb::Slice key = ToSlice(rest.substr(0, key_size));
    const rocksdb::Slice value = ToSlice(rest.substr(key_size, value_size));
    rest.remove_prefix(static_cast<size_t>(key_size) + value_size);
    // A part of a batch must not be written.
    const rocksdb::Status added = action == StoreBatch::Action::kPut ? rocks.Put(column, key, value)
                                  : action == StoreBatch::Action::kDelete
                                      ? rocks.Delete(column, key)
                                      : rocks.DeleteRange(column, key, value);
    if (!added.ok()) return FromRocks(added, "preparing a write");
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  return FromRocks(db_->Write(options, &rocks), "writing to the store");
}

absl::StatusOr<std::unique_ptr<StoreIngest>> Store::NewIngest(Column column) {
  static std::atomic<uint64_t> next{0};
  auto ingest = std::make_unique<RocksIngest>(
      this, column, StrCat(path_, "/", getpid(), "-", next.fetch_add(1), ".ingest"));
  DNC_RETURN_IF_ERROR(ingest->Open());
  return ingest;
}

absl::Status Store::Drop(Column column, std::string_view begin, std::string_view end) {
  auto* handle = Handle(column);
  const rocksdb::Slice first = ToSlice(begin);
  const rocksdb::Slice last = ToSlice(end);
  // Whole files are removed at once. A tombstone hides the rest until a compaction removes it.
  DNC_RETURN_IF_ERROR(FromRocks(
      rocksdb::DeleteFilesInRange(db_.get(), handle, &first, &last, /*include_end=*/false),
      "dropping files"));
  if (!FirstKey(column, begin, end).value_or(std::nullopt).has_value()) return absl::OkStatus();
  StoreBatch range;
  range.DeleteRange(column, begin, end);
  DNC_RETURN_IF_ERROR(Write(range));
  return FromRocks(db_->CompactRange(rocksdb::CompactRangeOptions(), handle, &first, &last),
                   "compacting");
}

absl::Status Store::CheckRoom(uint64_t bytes) const {
  struct statvfs disk {};
  if (statvfs(path_.c_str(), &disk) != 0) return absl::OkStatus();
  const uint64_t free_bytes = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (free_bytes >= bytes + kReserveBytes) return absl::OkStatus();
  return Error(reason::kDiskFull,
               StrCat("the data disk has ", free_bytes >> 20, " MiB left and ",
                      (bytes + kReserveBytes) >> 20,
                      " MiB are needed; free some space and repeat. What is loaded is "
                      "served on"));
}

// Appends a change to the buffer in this form, which Store::Write reads:
//
//   | column | action | size of the key | size of the value | key ... | value ... |
//     1        1        4                 4
void StoreBatch::Append(Column column, Action action, std::string_view key,
                        std::string_view value) {
  DNC_CHECK(key.size() <= UINT32_MAX && value.size() <= UINT32_MAX, "a key or value above 4 GiB");
  const auto key_size = static_cast<uint32_t>(key.size());
  const auto value_size = static_cast<uint32_t>(value.size());
  std::array<char, 10> head{};
  head[0] = static_cast<char>(column);
  head[1] = static_cast<char>(action);
  std::memcpy(&head[2], &key_size, sizeof(key_size));
  std::memcpy(&head[6], &value_size, sizeof(value_size));
  buffer_.append(head.data(), head.size()).append(key).append(value);
  bytes_ += key.size() + value.size();
  ++count_;
}

void StoreBatch::Put(Column column, std::string_view key, std::string_view value) {
  Append(column, Action::kPut, key, value);
}

void StoreBatch::Delete(Column column, std::string_view key) {
  Append(column, Action::kDelete, key, {});
}

void StoreBatch::DeleteRange(Column column, std::string_view begin, std::string_view end) {
  Append(column, Action::kDeleteRange, begin, end);
}

void StoreBatch::Clear() {
  buffer_.clear();
  bytes_ = 0;
  count_ = 0;
}

}  // namespace dnc
