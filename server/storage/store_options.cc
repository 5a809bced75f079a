#include "server/storage/store_options.h"

#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdarg>
#include <string>
#include <utility>
#include <vector>

#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/str_cat.h"
#include "server/storage/spare_files.h"
#include "server/storage/unwatched_env.h"

namespace dnc {
namespace {

constexpr std::array<const char*, kColumnCount> kColumnNames = {
    "default", "blocks", "changes", "records", "own_changes", "requests"};

// A file older than this is rewritten without the requests that are no longer needed.
constexpr uint64_t kRequestRewriteSeconds = 86'400;

// RocksDB's own log is for its developers, and on a full disk a failed write to it ends the
// process. What matters comes back as a status.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

using IsOld = std::function<bool(std::string_view key, std::string_view value)>;

class OldRequestFilter final : public rocksdb::CompactionFilter {
 public:
  explicit OldRequestFilter(const IsOld& is_old) : is_old_(is_old) {}
  const char* Name() const override { return "dnc.OldRequests"; }
  bool Filter(int /*level*/, const rocksdb::Slice& key, const rocksdb::Slice& value,
              std::string* /*new_value*/, bool* /*value_changed*/) const override {
    return is_old_(key.ToStringView(), value.ToStringView());
  }

 private:
  const IsOld& is_old_;
};

class OldRequestFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  explicit OldRequestFilterFactory(IsOld is_old) : is_old_(std::move(is_old)) {}
  const char* Name() const override { return "dnc.OldRequests"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& /*context*/) override {
    return std::make_unique<OldRequestFilter>(is_old_);
  }

 private:
  const IsOld is_old_;
};

// Reports once that the store is stuck.
class ErrorWatch final : public rocksdb::EventListener {
 public:
  ErrorWatch(std::string path, std::function<void(const absl::Status&)> on_stuck)
      : path_(std::move(path)), on_stuck_(std::move(on_stuck)) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/,
                         rocksdb::Status* status) override {
    if (!IsStuck(*status) || told_.exchange(true)) return;
    on_stuck_(FromRocks(*status, StrCat("the store in ", path_, " takes no writes any more")));
  }

 private:
  const std::string path_;
  const std::function<void(const absl::Status&)> on_stuck_;
  std::atomic<bool> told_{false};
};

bool IsOfTenants(Column column) {
  return column == Column::kRecords || column == Column::kRecordChanges ||
         column == Column::kRequests;
}

// Returns LZ4 if the library was built with it.
rocksdb::CompressionType Lz4OrNone() {
  const std::vector<rocksdb::CompressionType> types = rocksdb::GetSupportedCompressions();
  const bool there = std::find(types.begin(), types.end(), rocksdb::kLZ4Compression) != types.end();
  return there ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

}  // namespace

std::shared_ptr<rocksdb::CompactionFilterFactory> OldRequests(IsOld is_old) {
  return std::make_shared<OldRequestFilterFactory>(std::move(is_old));
}

bool IsStuck(const rocksdb::Status& status) {
  return status.severity() >= rocksdb::Status::Severity::kFatalError;
}

std::shared_ptr<rocksdb::EventListener> WatchErrors(const StoreOptions& options) {
  return std::make_shared<ErrorWatch>(options.path, options.on_stuck);
}

absl::Status FromRocks(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = StrCat(doing, ": ", status.ToString());
  if (status.IsNoSpace() || text.find("No space left") != std::string::npos ||
      text.find("File too large") != std::string::npos) {
    return Error(reason::kDiskFull,
                 StrCat(text, "; free some space on the data disk and repeat the write"));
  }
  if (text.find("Permission denied") != std::string::npos ||
      text.find("Operation not permitted") != std::string::npos) {
    return Error(reason::kStorageUnusable,
                 StrCat(text, "; this process runs as ", UserName(geteuid()),
                        ". Nothing is lost: give the data folder to that user (chown -R), or run "
                        "dncd as its owner"));
  }
  if (text.find("Too many open files") != std::string::npos) {
    return Error(reason::kStorageOutOfFiles,
                 StrCat(text, "; raise the limit of open files (ulimit -n, LimitNOFILE)"));
  }
  if (status.IsCorruption()) {
    return Error(reason::kStorageDamaged,
                 StrCat(text,
                        "; restore the whole data folder from the newest backup "
                        "(docs/operations.md)"));
  }
  if (status.IsIOError() && text.find("lock") != std::string::npos) {
    return Error(reason::kStorageUnusable,
                 StrCat(text, "; another dncd has this data folder open: stop it first"));
  }
  return Error(reason::kStorage, text);
}

const char* ColumnName(Column column) { return kColumnNames[static_cast<size_t>(column)]; }

rocksdb::Options DatabaseOptions(const StoreOptions& store,
                                 const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  options.info_log = std::make_shared<NoLog>();
  // Damage in the log is refused, except that its last record may be cut off: a process that is
  // killed in the middle of a write leaves such a record, and nobody has an answer to it. The marks
  // outside the stores tell whether a cut took acknowledged writes too.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.max_open_files = 512;
  options.max_total_wal_size = 64 << 20;
  // The write buffers of tenants' columns are larger, and their log must not force them out early.
  if (std::any_of(store.columns.begin(), store.columns.end(), IsOfTenants)) {
    options.max_total_wal_size = 256 << 20;
  }
  options.max_background_jobs = 2;
  // Write buffers count as used cache, so the cache's size bounds the memory of both.
  options.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(0, cache);
  options.stats_dump_period_sec = 0;
  options.allow_fallocate = !store.sparing;
  if (store.sparing) options.max_file_opening_threads = 1;
#ifdef DNC_THREAD_SANITIZER
  // It is never freed, because RocksDB's threads outlive the last database.
  static UnwatchedEnv* const unwatched = new UnwatchedEnv;
  options.env = unwatched;
#else
  // This one is never freed either.
  static rocksdb::Env* const spared =
      rocksdb::NewCompositeEnv(std::make_shared<SpareFiles>(rocksdb::FileSystem::Default()))
          .release();
  options.env = spared;
#endif
  return options;
}

rocksdb::ColumnFamilyOptions ColumnOptions(Column column,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  // These are in the cache, so that its size is all the memory that a store takes for reading.
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  if (IsOfTenants(column)) {
    options.compression = Lz4OrNone();
    table.block_size = 4 << 10;
    options.write_buffer_size = 16 << 20;
  } else {
    // Blocks are bitmaps near their entropy, so compressing them costs more than it saves.
    options.compression = rocksdb::kNoCompression;
    table.block_size = 32 << 10;
    options.write_buffer_size = 8 << 20;
  }
  if (column == Column::kRecords) {
    options.write_buffer_size = 64 << 20;
    options.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kStorePrefixBytes));
    options.memtable_prefix_bloom_size_ratio = 0.02;
    // A filter over prefixes also serves Get, with a third of the memory. The lowest level, which
    // has nearly all records, needs none: the Bloom filter in front of the store has ruled out what
    // is not there.
    table.whole_key_filtering = false;
    options.optimize_filters_for_hits = true;
  }
  if (column == Column::kRequests) options.periodic_compaction_seconds = kRequestRewriteSeconds;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace dnc
