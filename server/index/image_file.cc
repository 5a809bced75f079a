#include "server/index/image_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "server/base/error.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

absl::Status Failed(std::string_view doing, const std::string& path) {
  const int code = errno;
  const std::string text = StrCat(doing, " ", path, ": ", std::strerror(code));
  if (code == ENOSPC || code == EDQUOT || code == EFBIG) {
    return Error(reason::kDiskFull, StrCat(text, "; free some space"));
  }
  return Error(reason::kStorage, StrCat(text, "; check the folder's owner and the disk"));
}

absl::Status NotThere(const std::string& path) {
  return Error(reason::kNotFound, StrCat("there is no ", path));
}

absl::Status Unreadable(const std::string& path, std::string_view what) {
  return Error(reason::kStorageDamaged,
               StrCat(path, " ", what, "; it is made anew from the store, check the disk"));
}

absl::Status SyncFolder(const std::string& path) {
  // The final "." makes this right for a path without a folder too.
  const std::string folder = (std::filesystem::path(path).parent_path() / ".").string();
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("opening", folder);
  const int synced = fsync(fd);
  const absl::Status status = synced == 0 ? absl::OkStatus() : Failed("syncing", folder);
  close(fd);
  return status;
}

}  // namespace

ImageFileWriter::ImageFileWriter(std::string path, int fd)
    : path_(std::move(path)), next_(path_ + ".next"), fd_(fd) {}

ImageFileWriter::ImageFileWriter(ImageFileWriter&& other) noexcept
    : path_(std::move(other.path_)),
      next_(std::move(other.next_)),
      fd_(std::exchange(other.fd_, -1)) {}

ImageFileWriter::~ImageFileWriter() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(next_.c_str());
}

absl::StatusOr<ImageFileWriter> ImageFileWriter::Create(const std::string& path) {
  const std::string next = path + ".next";
  const int fd = open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return Failed("creating", next);
  return ImageFileWriter(path, fd);
}

absl::Status ImageFileWriter::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return Failed("writing", next_);
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status ImageFileWriter::Commit() {
  if (fsync(fd_) != 0) return Failed("syncing", next_);
  if (rename(next_.c_str(), path_.c_str()) != 0) return Failed("renaming", next_);
  close(std::exchange(fd_, -1));
  return SyncFolder(path_);
}

ImageFileReader::ImageFileReader(std::string path, int fd, uint64_t size)
    : path_(std::move(path)), fd_(fd), size_(size) {}

ImageFileReader::ImageFileReader(ImageFileReader&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

ImageFileReader::~ImageFileReader() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<ImageFileReader> ImageFileReader::Open(const std::string& path) {
  // Opening must not wait, should it be a pipe.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return errno == ENOENT ? NotThere(path) : Failed("opening", path);
  }
  ImageFileReader reader(path, fd, 0);
  struct stat status {};
  if (fstat(fd, &status) != 0) return Failed("examining", path);
  if (!S_ISREG(status.st_mode)) {
    return Error(reason::kStorage, StrCat(path, " is no regular file; remove it"));
  }
  reader.size_ = static_cast<uint64_t>(status.st_size);
  posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return reader;
}

absl::Status ImageFileReader::SkipTo(uint64_t offset) {
  if (lseek(fd_, static_cast<off_t>(offset), SEEK_SET) >= 0) return absl::OkStatus();
  return Failed("seeking in", path_);
}

absl::Status ImageFileReader::Read(absl::Span<char> out) {
  while (!out.empty()) {
    const ssize_t got = read(fd_, out.data(), out.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Unreadable(path_, StrCat("can't be read: ", std::strerror(errno)));
    if (got == 0) return Unreadable(path_, "ends too early");
    out.remove_prefix(static_cast<size_t>(got));
  }
  return absl::OkStatus();
}

absl::Status RemoveImageFile(const std::string& path) {
  if (unlink(path.c_str()) == 0) return SyncFolder(path);
  if (errno != ENOENT) return Failed("removing", path);
  return NotThere(path);
}

}  // namespace dnc
