// RocksDB with a key of 8 bytes for each number and no values. Sorted files are made and ingested
// in order, without compression, with a filter of 10 bits per key, hash indexes in the blocks, and
// a block cache that holds everything. It is asked with MultiGet.
#include <endian.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/compare/subject.h"

namespace dnc {
namespace {

constexpr uint64_t kNumbersAFile = 20'000'000;
constexpr uint64_t kCacheBytesANumber = 24;
constexpr uint64_t kSpareBytes = uint64_t{64} << 20;
constexpr double kFilterBits = 10;

absl::Status Checked(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("RocksDB: ", status.ToString()));
}

class RocksDbStore : public Subject {
 public:
  explicit RocksDbStore(SubjectOptions options) : given_(std::move(options)) {}

  absl::Status Begin(uint64_t total) override {
    rocksdb::BlockBasedTableOptions table;
    cache_ = rocksdb::NewLRUCache(total * kCacheBytesANumber + kSpareBytes);
    table.block_cache = cache_;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBits));
    table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
    options_.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    options_.compression = rocksdb::kNoCompression;
    options_.create_if_missing = true;
    options_.disable_auto_compactions = true;
    rocksdb::DB* db = nullptr;
    auto opened = Checked(rocksdb::DB::Open(options_, given_.directory + "/db", &db));
    db_.reset(db);
    return opened;
  }

  absl::Status Add(absl::Span<const Number> numbers) override {
    for (const Number number : numbers) {
      if (written_++ % kNumbersAFile == 0) {
        auto rolled = NextFile();
        if (!rolled.ok()) return rolled;
      }
      const uint64_t key = htobe64(number);
      auto status = writer_->Put(SliceOf(key), rocksdb::Slice());
      if (!status.ok()) return Checked(status);
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    auto finished = Checked(writer_->Finish());
    writer_ = nullptr;
    if (!finished.ok()) return finished;
    rocksdb::IngestExternalFileOptions ingest;
    ingest.move_files = true;
    return Checked(db_->IngestExternalFile(files_, ingest));
  }

  absl::Status Ask(absl::Span<const Number> numbers, absl::Span<uint32_t> listed) override {
    const size_t count = numbers.size();
    thread_local Batch batch;
    batch.keys.resize(count);
    batch.slices.resize(count);
    batch.statuses.resize(count);
    if (batch.values.size() < count) batch.values = std::vector<rocksdb::PinnableSlice>(count);
    for (size_t i = 0; i < count; ++i) {
      batch.keys[i] = htobe64(numbers[i]);
      batch.slices[i] = SliceOf(batch.keys[i]);
    }
    rocksdb::ReadOptions read;
    read.async_io = true;
    db_->MultiGet(read, db_->DefaultColumnFamily(), count, batch.slices.data(), batch.values.data(),
                  batch.statuses.data());
    for (size_t i = 0; i < count; ++i) {
      const rocksdb::Status& status = batch.statuses[i];
      if (!status.ok() && !status.IsNotFound()) return Checked(status);
      listed[i] = status.ok() ? 1 : 0;
      batch.values[i].Reset();
    }
    return absl::OkStatus();
  }

  bool thread_safe() const override { return true; }

  SubjectMemory memory() override {
    uint64_t readers = 0;
    uint64_t files = 0;
    db_->GetIntProperty("rocksdb.estimate-table-readers-mem", &readers);
    db_->GetIntProperty("rocksdb.total-sst-files-size", &files);
    return {cache_->GetUsage() + readers, "its block cache, indexes and filters", files};
  }

 private:
  // What MultiGet needs; each thread keeps its own.
  struct Batch {
    std::vector<uint64_t> keys;
    std::vector<rocksdb::Slice> slices;
    std::vector<rocksdb::PinnableSlice> values;
    std::vector<rocksdb::Status> statuses;
  };

  static rocksdb::Slice SliceOf(const uint64_t& key) {
    return {reinterpret_cast<const char*>(&key), sizeof(key)};
  }

  absl::Status NextFile() {
    if (writer_ != nullptr) {
      auto finished = Checked(writer_->Finish());
      if (!finished.ok()) return finished;
    }
    writer_ = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(), options_);
    files_.push_back(absl::StrCat(given_.directory, "/", files_.size(), ".sst"));
    return Checked(writer_->Open(files_.back()));
  }

  SubjectOptions given_;
  rocksdb::Options options_;
  std::shared_ptr<rocksdb::Cache> cache_;
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<rocksdb::SstFileWriter> writer_;
  std::vector<std::string> files_;
  uint64_t written_ = 0;
};

}  // namespace

std::unique_ptr<Subject> MakeSubject(const SubjectOptions& options) {
  return std::make_unique<RocksDbStore>(options);
}

}  // namespace dnc
