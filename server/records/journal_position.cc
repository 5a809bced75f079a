#include "server/records/journal_position.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr uint64_t kMagic = 0x314A434E44ULL;  // "DNCJ1"
constexpr int kCopies = 2;

}  // namespace

absl::StatusOr<std::unique_ptr<JournalPosition>> JournalPosition::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return FileError("opening", path, errno);
  std::unique_ptr<JournalPosition> journal(new JournalPosition(fd, path));
  DNC_RETURN_IF_ERROR(journal->Read());
  return journal;
}

JournalPosition::JournalPosition(int fd, std::string path)
    : fd_(fd), path_(std::move(path)), slots_(fd, kMagic, kCopies) {}

JournalPosition::~JournalPosition() { close(fd_); }

absl::Status JournalPosition::Read() {
  struct stat info {};
  if (fstat(fd_, &info) != 0) return FileError("reading", path_, errno);
  if (info.st_size == 0) {
    // The file takes all its room at once, so that a full disk never stops a later move.
    if (const int error = posix_fallocate(fd_, 0, slots_.file_bytes()); error != 0) {
      static_cast<void>(ftruncate(fd_, 0));
      return FileError("making", path_, error);
    }
    if (fsync(fd_) != 0) return FileError("syncing", path_, errno);
    return SyncFolderOf(path_);
  }
  const auto found = slots_.Read();
  if (!found.has_value()) return FileError("reading", path_, errno);
  last_ = found->newest;
  if (last_.has_value() || found->blank) return absl::OkStatus();
  return Error(reason::kOwnListsDamaged,
               StrCat(path_,
                      " is damaged, so nobody can tell whether tenants' records are missing; "
                      "restore it together with the folder `tenants` from the newest backup "
                      "(docs/operations.md)"));
}

absl::Status JournalPosition::Move(const Position& position) {
  if (!slots_.Write(position)) return FileError("writing", path_, errno);
  if (fdatasync(fd_) != 0) return FileError("syncing", path_, errno);
  slots_.Advance();
  last_ = position;
  return absl::OkStatus();
}

}  // namespace dnc
