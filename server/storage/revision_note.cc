#include "server/storage/revision_note.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr uint64_t kMagic = 0x314E434E44ULL;  // "DNCN1"

}  // namespace

absl::StatusOr<std::unique_ptr<RevisionNote>> RevisionNote::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    return Error(reason::kStorageMissing, StrCat(path, " is missing"));
  }
  if (fd < 0) return FileError("opening", path, errno);
  std::unique_ptr<RevisionNote> note(new RevisionNote(fd));
  const auto found = note->slots_.Read();
  if (!found.has_value()) return FileError("reading", path, errno);
  if (found->newest.has_value()) {
    note->last_ = *found->newest;
    return note;
  }
  return Error(reason::kStorageDamaged, StrCat(path, " is damaged"));
}

absl::StatusOr<std::unique_ptr<RevisionNote>> RevisionNote::Make(const std::string& path,
                                                                 const Position& position) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd < 0) return FileError("making", path, errno);
  std::unique_ptr<RevisionNote> note(new RevisionNote(fd));
  if (const int error = posix_fallocate(fd, 0, note->slots_.file_bytes()); error != 0) {
    return FileError("making", path, error);
  }
  // Both slots are written, so that later writes change nothing that the file system keeps of them.
  for (int slot = 0; slot < PositionSlots::kSlots; ++slot) {
    if (!note->Put(position)) return FileError("writing", path, errno);
  }
  if (fdatasync(fd) != 0) return FileError("writing", path, errno);
  if (absl::Status synced = SyncFolderOf(path); !synced.ok()) return synced;
  return note;
}

RevisionNote::RevisionNote(int fd) : fd_(fd), slots_(fd, kMagic, 1) {}

RevisionNote::~RevisionNote() {
  Sync();
  close(fd_);
}

bool RevisionNote::Put(const Position& position) {
  if (!slots_.Write(position)) return false;
  slots_.Advance();
  last_ = position;
  return true;
}

void RevisionNote::Note(uint64_t revision) {
  if (revision <= last_.revision) return;
  const off_t page = slots_.next_offset();
  if (!Put({last_.store, revision})) return;
  unsynced_ = true;
  // Begins to write and waits for nothing: the sync of the commit's own file, which comes after it,
  // has most disks keep both.
  static_cast<void>(sync_file_range(fd_, page, PositionSlots::kPage, SYNC_FILE_RANGE_WRITE));
}

void RevisionNote::Sync() {
  if (!unsynced_.exchange(false)) return;
  // What can't be synced is as after a loss of power: the note says less. It is tried again.
  if (fdatasync(fd_) != 0) unsynced_ = true;
}

}  // namespace dnc
