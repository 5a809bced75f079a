#include "server/storage/spare_files.h"

#include <fcntl.h>
#include <unistd.h>

#include "server/base/log_line.h"

namespace dnc {
namespace {

bool NoneLeft(const rocksdb::IOStatus& status) {
  return status.IsIOError() && status.ToString().find("Too many open files") != std::string::npos;
}

}  // namespace

SpareFiles::~SpareFiles() {
  while (LetOneGo()) continue;
}

void SpareFiles::Refill() {
  const absl::MutexLock lock(&mutex_);
  while (count_ < spares_.size()) {
    const int spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (spare < 0) return;
    spares_[count_++] = spare;
  }
}

bool SpareFiles::LetOneGo() {
  const absl::MutexLock lock(&mutex_);
  if (count_ == 0) return false;
  close(spares_[--count_]);
  return true;
}

template <typename Open>
rocksdb::IOStatus SpareFiles::WithSpares(const Open& attempt) {
  rocksdb::IOStatus status = attempt();
  if (!NoneLeft(status)) {
    Refill();
    return status;
  }
  LogError(
      "no file descriptor is left for the stores, and one of their spare ones is taken; raise the "
      "limit of open files (ulimit -n, LimitNOFILE)");
  // Another thread may take the descriptor that was released, so this tries again.
  while (NoneLeft(status) && LetOneGo()) status = attempt();
  return status;
}

rocksdb::IOStatus SpareFiles::NewSequentialFile(const std::string& name,
                                                const rocksdb::FileOptions& options,
                                                std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                                rocksdb::IODebugContext* debug) {
  return WithSpares([&] { return target()->NewSequentialFile(name, options, file, debug); });
}

rocksdb::IOStatus SpareFiles::NewRandomAccessFile(
    const std::string& name, const rocksdb::FileOptions& options,
    std::unique_ptr<rocksdb::FSRandomAccessFile>* file, rocksdb::IODebugContext* debug) {
  return WithSpares([&] { return target()->NewRandomAccessFile(name, options, file, debug); });
}

rocksdb::IOStatus SpareFiles::NewWritableFile(const std::string& name,
                                              const rocksdb::FileOptions& options,
                                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                                              rocksdb::IODebugContext* debug) {
  return WithSpares([&] { return target()->NewWritableFile(name, options, file, debug); });
}

rocksdb::IOStatus SpareFiles::ReopenWritableFile(const std::string& name,
                                                 const rocksdb::FileOptions& options,
                                                 std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                 rocksdb::IODebugContext* debug) {
  return WithSpares([&] { return target()->ReopenWritableFile(name, options, file, debug); });
}

rocksdb::IOStatus SpareFiles::NewDirectory(const std::string& name,
                                           const rocksdb::IOOptions& options,
                                           std::unique_ptr<rocksdb::FSDirectory>* folder,
                                           rocksdb::IODebugContext* debug) {
  return WithSpares([&] { return target()->NewDirectory(name, options, folder, debug); });
}

}  // namespace dnc
