#include "server/records/journal_position.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "xxhash.h"

namespace dnc {
namespace {

constexpr uint64_t kMagic = 0x314A434E44ULL;  // "DNCJ1"
constexpr int kSlots = 2;
constexpr int kCopies = 2;
constexpr off_t kPage = 4096;
constexpr off_t kFileBytes = kSlots * kCopies * kPage;

// As it lies in the file, little-endian.
struct Slot {
  uint64_t magic;
  uint64_t store[2];
  uint64_t revision;
  uint64_t checksum;  // XXH3-64 of what stands before
};
static_assert(sizeof(Slot) == 40);

uint64_t ChecksumOf(const Slot& slot) { return XXH3_64bits(&slot, offsetof(Slot, checksum)); }

off_t OffsetOf(int slot, int copy) { return (slot + copy * kSlots) * kPage; }

}  // namespace

absl::StatusOr<std::unique_ptr<JournalPosition>> JournalPosition::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return FileError("opening", path, errno);
  std::unique_ptr<JournalPosition> journal(new JournalPosition(fd, path));
  DNC_RETURN_IF_ERROR(journal->Read());
  return journal;
}

JournalPosition::~JournalPosition() { close(fd_); }

absl::Status JournalPosition::Read() {
  struct stat info {};
  if (fstat(fd_, &info) != 0) return FileError("reading", path_, errno);
  if (info.st_size == 0) {
    // The file takes all its room at once, so that a full disk never stops a later move.
    if (const int error = posix_fallocate(fd_, 0, kFileBytes); error != 0) {
      static_cast<void>(ftruncate(fd_, 0));
      return FileError("making", path_, error);
    }
    if (fsync(fd_) != 0) return FileError("syncing", path_, errno);
    return SyncFolderOf(path_);
  }
  bool written = false;
  for (int i = 0; i < kSlots * kCopies; ++i) {
    Slot slot{};
    const ssize_t got = pread(fd_, &slot, sizeof(slot), OffsetOf(i % kSlots, i / kSlots));
    if (got < 0) return FileError("reading", path_, errno);
    const Slot blank{};
    written = written || got != sizeof(slot) || std::memcmp(&slot, &blank, sizeof(slot)) != 0;
    const bool whole =
        got == sizeof(slot) && slot.magic == kMagic && slot.checksum == ChecksumOf(slot);
    if (!whole || (last_.has_value() && slot.revision <= last_->revision)) continue;
    last_ = Position{{slot.store[0], slot.store[1]}, slot.revision};
    next_slot_ = (i + 1) % kSlots;
  }
  if (last_.has_value() || !written) return absl::OkStatus();
  return Error(reason::kOwnListsDamaged,
               StrCat(path_,
                      " is damaged, so nobody can tell whether tenants' records are missing; "
                      "restore it together with the folder `tenants` from the newest backup "
                      "(docs/operations.md)"));
}

absl::Status JournalPosition::Move(const Position& position) {
  Slot slot{kMagic, {position.store[0], position.store[1]}, position.revision, 0};
  slot.checksum = ChecksumOf(slot);
  for (int copy = 0; copy < kCopies; ++copy) {
    const ssize_t put = pwrite(fd_, &slot, sizeof(slot), OffsetOf(next_slot_, copy));
    if (put != sizeof(slot)) return FileError("writing", path_, put < 0 ? errno : ENOSPC);
  }
  if (fdatasync(fd_) != 0) return FileError("syncing", path_, errno);
  last_ = position;
  next_slot_ = (next_slot_ + 1) % kSlots;
  return absl::OkStatus();
}

}  // namespace dnc
