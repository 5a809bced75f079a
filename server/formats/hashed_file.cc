#include "server/formats/hashed_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/bad_file.h"

namespace dnc {
namespace {

absl::Status OpenError(int error, const std::string& path) {
  const std::string cause = StrCat("the file ", path, " cannot be opened: ", std::strerror(error));
  if (error == ENOENT || error == ENOTDIR) {
    return Error(reason::kNotFound, StrCat("there is no file ", path, "; check the path"));
  }
  if (error == EACCES || error == EPERM) {
    return Error(reason::kPathNotAllowed,
                 StrCat("the server may not read ", path, "; let its user read the file"));
  }
  return Error(reason::kInternal, cause);
}

}  // namespace

absl::StatusOr<std::unique_ptr<HashedFile>> HashedFile::Open(const std::string& path,
                                                             std::function<void(uint64_t)> on_bytes,
                                                             const std::atomic<bool>* stop) {
  // Without O_NONBLOCK, opening a named pipe would wait for its writer.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return OpenError(errno, path);
  struct stat info {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    return BadFile("this is not a regular file; give the path of the file itself");
  }
  posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  std::unique_ptr<HashedFile> file(new HashedFile(fd, info, std::move(on_bytes), stop));
  if (EVP_DigestInit_ex(file->digest_.get(), EVP_sha256(), nullptr) != 1) {
    return Error(reason::kInternal, "OpenSSL offers no SHA-256; check the OpenSSL installation");
  }
  return file;
}

HashedFile::HashedFile(int fd, const struct stat& info, std::function<void(uint64_t)> on_bytes,
                       const std::atomic<bool>* stop)
    : fd_(fd),
      size_(static_cast<uint64_t>(info.st_size)),
      modified_(info.st_mtim),
      on_bytes_(std::move(on_bytes)),
      stop_(stop),
      digest_(EVP_MD_CTX_new()) {}

HashedFile::~HashedFile() { close(fd_); }

absl::StatusOr<size_t> HashedFile::ReadAt(uint64_t offset, char* out, size_t length) {
  if (stop_ != nullptr && stop_->load(std::memory_order_relaxed)) {
    return Error(reason::kLoadStopped, "the load was stopped before its end; nothing has changed");
  }
  if (offset >= size_) return 0;
  const size_t wanted = std::min<uint64_t>(length, size_ - offset);
  size_t done = 0;
  while (done < wanted) {
    const ssize_t got = pread(fd_, out + done, wanted - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return DamagedFile(StrCat("the file cannot be read at byte ", offset + done, " (",
                                std::strerror(errno), "); check the disk, then load it again"));
    }
    if (got == 0) {
      return DamagedFile(
          "the file became shorter while it was read; load it again when it is "
          "complete");
    }
    done += static_cast<size_t>(got);
  }
  Hash(offset, out, done);
  return done;
}

void HashedFile::Hash(uint64_t offset, const char* bytes, size_t length) {
  if (offset > hashed_ || offset + length <= hashed_) return;
  const size_t known = hashed_ - offset;
  EVP_DigestUpdate(digest_.get(), bytes + known, length - known);
  hashed_ += length - known;
  if (on_bytes_ != nullptr) on_bytes_(length - known);
}

absl::StatusOr<std::string> HashedFile::Finish() {
  constexpr size_t kPiece = 256 << 10;
  std::vector<char> piece(hashed_ < size_ ? kPiece : 0);
  while (hashed_ < size_) {
    DNC_RETURN_IF_ERROR(ReadAt(hashed_, piece.data(), piece.size()).status());
  }
  struct stat info {};
  if (fstat(fd_, &info) != 0 || static_cast<uint64_t>(info.st_size) != size_ ||
      info.st_mtim.tv_sec != modified_.tv_sec || info.st_mtim.tv_nsec != modified_.tv_nsec) {
    return DamagedFile("the file changed while it was read; load it again when it is complete");
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_DigestFinal_ex(digest_.get(), digest.data(), &length);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), length));
}

}  // namespace dnc
