#include "tools/cli/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/base/const_init.h"
#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace dnc::cli {
namespace {

constexpr size_t kBufferBytes = 256 << 10;

// The files that the signal handler removes; an empty entry is none. A slot changes only while the
// handler is off, and under the lock.
std::array<std::array<char, PATH_MAX>, OutputFile::kMaxFiles> g_partials{};
absl::Mutex g_mutex(absl::kConstInit);
size_t g_registered ABSL_GUARDED_BY(g_mutex) = 0;

void RemovePartials(int signal_number) {
  for (const auto& partial : g_partials) {
    if (partial[0] != '\0') unlink(partial.data());
  }
  _exit(128 + signal_number);
}

void HandleSignals(void (*handler)(int)) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, handler);
}

// Puts `now` into the slot that holds `before`; empty means none. Returns false if there is no such
// slot.
bool ReplaceSlot(const std::string& before, const std::string& now) {
  for (auto& partial : g_partials) {
    if (before != partial.data()) continue;
    partial.fill('\0');
    std::memcpy(partial.data(), now.data(), now.size());
    return true;
  }
  return false;
}

void Register(const std::string& partial) {
  if (partial.size() >= PATH_MAX) return;
  const absl::MutexLock lock(&g_mutex);
  HandleSignals(SIG_DFL);
  if (ReplaceSlot("", partial)) ++g_registered;
  HandleSignals(RemovePartials);
}

void Unregister(const std::string& partial) {
  const absl::MutexLock lock(&g_mutex);
  HandleSignals(SIG_DFL);
  if (ReplaceSlot(partial, "")) --g_registered;
  if (g_registered > 0) HandleSignals(RemovePartials);
}

absl::Status ErrnoStatus(const std::string& what) {
  const int error = errno;
  const char* const remedy =
      error == ENOSPC || error == EDQUOT || error == EFBIG ? "; free some space and repeat" : "";
  return absl::InternalError(fmt::format("{}: {}{}", what, std::strerror(error), remedy));
}

// Makes the rename durable, which it is only when the folder is.
void SyncFolder(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int fd = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Open(const std::string& path,
                                                             Earlier earlier) {
  using Pointer = std::unique_ptr<OutputFile>;
  if (path == "-") return Pointer(new OutputFile("stdout", "", dup(STDOUT_FILENO)));
  struct stat facts {};
  const bool exists = stat(path.c_str(), &facts) == 0;
  if (exists && S_ISDIR(facts.st_mode)) {
    return absl::InvalidArgumentError(fmt::format("{} is a folder; name a file", path));
  }
  if (exists && !S_ISREG(facts.st_mode)) {
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return ErrnoStatus(path);
    return Pointer(new OutputFile(path, "", fd));
  }
  const std::string partial = fmt::format("{}.partial-{}", path, getpid());
  const int fd = open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return ErrnoStatus(partial);
  Pointer file(new OutputFile(path, partial, fd));
  if (exists && earlier == Earlier::kRemoved && unlink(path.c_str()) != 0) return ErrnoStatus(path);
  return file;
}

OutputFile::OutputFile(std::string path, std::string partial, int fd)
    : path_(std::move(path)), partial_(std::move(partial)), fd_(fd) {
  buffer_.reserve(kBufferBytes);
  if (!partial_.empty()) Register(partial_);
}

OutputFile::~OutputFile() {
  if (fd_ < 0) return;
  close(fd_);
  if (partial_.empty()) return;
  unlink(partial_.c_str());
  Unregister(partial_);
}

absl::Status OutputFile::SystemError(const std::string& what) const {
  return ErrnoStatus(fmt::format("{}: {}", path_, what));
}

absl::Status OutputFile::Write(std::string_view text) {
  buffer_ += text;
  return buffer_.size() < kBufferBytes ? absl::OkStatus() : Flush();
}

absl::Status OutputFile::Flush() {
  std::string_view rest(buffer_);
  while (!rest.empty()) {
    const ssize_t count = write(fd_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError("can't be written");
    rest.remove_prefix(static_cast<size_t>(count));
  }
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status OutputFile::Commit() {
  absl::Status status = Flush();
  if (!status.ok()) return status;
  if (partial_.empty()) return absl::OkStatus();
  if (fsync(fd_) != 0) return SystemError("can't be written to the disk");
  if (rename(partial_.c_str(), path_.c_str()) != 0) return SystemError("can't be given its name");
  close(fd_);
  fd_ = -1;
  Unregister(partial_);
  SyncFolder(path_);
  return absl::OkStatus();
}

}  // namespace dnc::cli
