#include "server/storage/store.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <system_error>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr const char* kColumnNames[kColumnCount] = {"default", "blocks", "changes"};
// Left free for the log and the manifest, so that a full disk is noticed before it hurts.
constexpr uint64_t kReserveBytes = 16ULL << 20;

rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }

absl::Status FromRocks(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = StrCat(doing, ": ", status.ToString());
  if (status.IsNoSpace() || text.find("No space left") != std::string::npos ||
      text.find("File too large") != std::string::npos) {
    return Error(absl::StatusCode::kResourceExhausted, reason::kDiskFull,
                 StrCat(text, "; free some space on the data disk and repeat the write"));
  }
  if (status.IsCorruption()) {
    return Error(absl::StatusCode::kDataLoss, reason::kStorage,
                 StrCat(text, "; restore the data folder or load the lists again into a new one"));
  }
  if (status.IsIOError() && text.find("lock") != std::string::npos) {
    return Error(absl::StatusCode::kFailedPrecondition, reason::kStorage,
                 StrCat(text, "; another dncd has this data folder open: stop it first"));
  }
  return Error(absl::StatusCode::kInternal, reason::kStorage, text);
}

rocksdb::Options DatabaseOptions() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  // Any damage in the log is refused: the default drops acknowledged writes after it.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
  options.track_and_verify_wals_in_manifest = true;
  options.max_open_files = 512;
  options.keep_log_file_num = 4;
  options.max_log_file_size = 4 << 20;
  options.max_total_wal_size = 64 << 20;
  options.max_background_jobs = 2;
  options.stats_dump_period_sec = 0;
  return options;
}

rocksdb::ColumnFamilyOptions ColumnOptions(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  // Blocks are bitmaps near their entropy: compressing them costs more than it saves.
  options.compression = rocksdb::kNoCompression;
  options.write_buffer_size = 8 << 20;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 32 << 10;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

StoreBatch::StoreBatch() = default;
StoreBatch::~StoreBatch() = default;

void StoreBatch::Put(Column column, std::string_view key, std::string_view value) {
  entries_.push_back({column, true, std::string(key), std::string(value)});
  bytes_ += key.size() + value.size();
}

void StoreBatch::Delete(Column column, std::string_view key) {
  entries_.push_back({column, false, std::string(key), {}});
  bytes_ += key.size();
}

uint64_t StoreBatch::bytes() const { return bytes_; }

// Writes one SST file beside the database; IngestExternalFiles moves it in.
class RocksIngest : public StoreIngest {
 public:
  RocksIngest(Store* store, Column column, std::string path)
      : store_(store),
        column_(store->columns_[static_cast<size_t>(column)]),
        path_(std::move(path)),
        writer_(rocksdb::EnvOptions(), store->db_->GetOptions(column_), column_) {}

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
    // Finish syncs the file, ingestion syncs the manifest.
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

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.path, error);
  if (error) {
    return Error(absl::StatusCode::kFailedPrecondition, reason::kStorage,
                 StrCat("cannot create ", options.path, ": ", error.message(),
                        "; choose a --data-dir that this user may write"));
  }
  auto store = std::unique_ptr<Store>(new Store());
  store->path_ = options.path;
  const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const char* name : kColumnNames) descriptors.emplace_back(name, ColumnOptions(cache));
  rocksdb::DB* db = nullptr;
  DNC_RETURN_IF_ERROR(FromRocks(
      rocksdb::DB::Open(DatabaseOptions(), options.path, descriptors, &store->columns_, &db),
      StrCat("opening the store in ", options.path)));
  store->db_.reset(db);
  // Files of an ingestion that a crash cut off.
  for (const auto& entry : std::filesystem::directory_iterator(options.path, error)) {
    if (entry.path().extension() == ".ingest") std::filesystem::remove(entry.path(), error);
  }
  return store;
}

Store::~Store() {
  if (db_ == nullptr) return;
  for (auto* column : columns_) db_->DestroyColumnFamilyHandle(column);
  db_->Close();
}

absl::StatusOr<std::optional<std::string>> Store::Get(Column column, std::string_view key) const {
  std::string value;
  const auto status =
      db_->Get(rocksdb::ReadOptions(), columns_[static_cast<size_t>(column)], ToSlice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  DNC_RETURN_IF_ERROR(FromRocks(status, "reading the store"));
  return value;
}

absl::Status Store::Scan(
    Column column, std::string_view begin, std::string_view end,
    absl::FunctionRef<absl::Status(std::string_view, std::string_view)> fn) const {
  rocksdb::ReadOptions options;
  options.readahead_size = 4 << 20;
  options.fill_cache = false;
  const rocksdb::Slice bound = ToSlice(end);
  options.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> it(
      db_->NewIterator(options, columns_[static_cast<size_t>(column)]));
  for (it->Seek(ToSlice(begin)); it->Valid(); it->Next()) {
    DNC_RETURN_IF_ERROR(fn(it->key().ToStringView(), it->value().ToStringView()));
  }
  return FromRocks(it->status(), "scanning the store");
}

absl::StatusOr<std::optional<std::string>> Store::FirstKey(Column column, std::string_view begin,
                                                           std::string_view end) const {
  const std::unique_ptr<rocksdb::Iterator> it(
      db_->NewIterator(rocksdb::ReadOptions(), columns_[static_cast<size_t>(column)]));
  it->Seek(ToSlice(begin));
  DNC_RETURN_IF_ERROR(FromRocks(it->status(), "scanning the store"));
  if (!it->Valid() || it->key().ToStringView() >= end) return std::nullopt;
  return it->key().ToString();
}

absl::StatusOr<std::optional<std::string>> Store::LastKey(Column column, std::string_view begin,
                                                          std::string_view end) const {
  const std::unique_ptr<rocksdb::Iterator> it(
      db_->NewIterator(rocksdb::ReadOptions(), columns_[static_cast<size_t>(column)]));
  it->SeekForPrev(ToSlice(end));
  if (it->Valid() && it->key().ToStringView() == end) it->Prev();
  DNC_RETURN_IF_ERROR(FromRocks(it->status(), "scanning the store"));
  if (!it->Valid() || it->key().ToStringView() < begin) return std::nullopt;
  return it->key().ToString();
}

absl::Status Store::Write(const StoreBatch& batch) {
  DNC_RETURN_IF_ERROR(CheckRoom(batch.bytes()));
  // After an error RocksDB refuses writes until it is told to resume.
  const rocksdb::Status resumed = db_->Resume();
  if (!resumed.ok()) return FromRocks(resumed, "resuming after an earlier write error");
  rocksdb::WriteBatch rocks;
  for (const auto& entry : batch.entries_) {
    auto* column = columns_[static_cast<size_t>(entry.column)];
    if (entry.put) {
      rocks.Put(column, ToSlice(entry.key), ToSlice(entry.value));
    } else {
      rocks.Delete(column, ToSlice(entry.key));
    }
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
  auto* handle = columns_[static_cast<size_t>(column)];
  const rocksdb::Slice first = ToSlice(begin);
  const rocksdb::Slice last = ToSlice(end);
  // Whole files go at once; a tombstone hides what is left until a compaction removes it.
  DNC_RETURN_IF_ERROR(FromRocks(
      rocksdb::DeleteFilesInRange(db_.get(), handle, &first, &last, /*include_end=*/false),
      "dropping files"));
  if (!FirstKey(column, begin, end).value_or(std::nullopt).has_value()) return absl::OkStatus();
  rocksdb::WriteOptions options;
  options.sync = true;
  DNC_RETURN_IF_ERROR(
      FromRocks(db_->DeleteRange(options, handle, first, last), "dropping a range"));
  return FromRocks(db_->CompactRange(rocksdb::CompactRangeOptions(), handle, &first, &last),
                   "compacting");
}

absl::Status Store::CheckRoom(uint64_t bytes) const {
  struct statvfs disk {};
  if (statvfs(path_.c_str(), &disk) != 0) return absl::OkStatus();
  const uint64_t free_bytes = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (free_bytes >= bytes + kReserveBytes) return absl::OkStatus();
  return Error(absl::StatusCode::kResourceExhausted, reason::kDiskFull,
               StrCat("the data disk has ", free_bytes >> 20, " MiB left and ",
                      (bytes + kReserveBytes) >> 20,
                      " MiB are needed; free some space and repeat. What is loaded is "
                      "served on"));
}

}  // namespace dnc
