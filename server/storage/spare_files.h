// Keeps file descriptors in reserve for the stores. When the process has none left, RocksDB gets
// one of these, because it does not recover from a log or table file that it could not open. The
// reserve is refilled when there is room again.
#pragma once

#include <rocksdb/file_system.h>

#include <array>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace dnc {

class SpareFiles final : public rocksdb::FileSystemWrapper {
 public:
  explicit SpareFiles(const std::shared_ptr<rocksdb::FileSystem>& under)
      : FileSystemWrapper(under) {
    Refill();
  }
  ~SpareFiles() override;
  SpareFiles(const SpareFiles&) = delete;
  SpareFiles& operator=(const SpareFiles&) = delete;

  const char* Name() const override { return "dnc.SpareFiles"; }
  rocksdb::IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* folder,
                                 rocksdb::IODebugContext* debug) override;

 private:
  // Opens something. If no descriptor is left, releases a spare one and tries again, once for each
  // spare one.
  template <typename Open>
  rocksdb::IOStatus WithSpares(const Open& attempt);
  // Opens spare descriptors until the reserve is full or the process has none left.
  void Refill() ABSL_LOCKS_EXCLUDED(mutex_);
  // Releases a spare descriptor. Returns false if there is none.
  bool LetOneGo() ABSL_LOCKS_EXCLUDED(mutex_);

  absl::Mutex mutex_;
  std::array<int, 32> spares_ ABSL_GUARDED_BY(mutex_){};
  size_t count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace dnc
