// How a note outlives a torn write: it goes to the slot that does not hold the newest revision, so
// a write that is cut off damages only what was older.
//
//   0                                    4096
//   +-------+-------+----------+-----+   +-------+-------+----------+-----+
//   | magic | store | revision | sum |   | magic | store | revision | sum |
//   +-------+-------+----------+-----+   +-------+-------+----------+-----+
//     40 bytes, written for revisions      written for the revisions in
//     n, n + 2, ...                        between
//
// Open takes the whole slot with the higher revision.
#include "server/storage/revision_note.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/str_cat.h"
#include "xxhash.h"

namespace dnc {
namespace {

constexpr uint64_t kMagic = 0x314E434E44ULL;  // "DNCN1"
constexpr int kSlots = 2;
constexpr off_t kPage = 4096;

// As it lies in the file, little-endian.
struct Slot {
  uint64_t magic;
  uint64_t store[2];
  uint64_t revision;
  uint64_t checksum;  // XXH3-64 of what stands before
};
static_assert(sizeof(Slot) == 40);

uint64_t ChecksumOf(const Slot& slot) { return XXH3_64bits(&slot, offsetof(Slot, checksum)); }

}  // namespace

absl::StatusOr<std::unique_ptr<RevisionNote>> RevisionNote::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    return Error(reason::kStorageMissing, StrCat(path, " is missing"));
  }
  if (fd < 0) return FileError("opening", path, errno);
  std::unique_ptr<RevisionNote> note(new RevisionNote(fd));
  bool any = false;
  for (int i = 0; i < kSlots; ++i) {
    Slot slot{};
    const ssize_t got = pread(fd, &slot, sizeof(slot), i * kPage);
    if (got < 0) return FileError("reading", path, errno);
    const bool whole =
        got == sizeof(slot) && slot.magic == kMagic && slot.checksum == ChecksumOf(slot);
    if (!whole || (any && slot.revision <= note->last_.revision)) continue;
    note->last_ = {{slot.store[0], slot.store[1]}, slot.revision};
    note->next_slot_ = (i + 1) % kSlots;
    any = true;
  }
  if (any) return note;
  return Error(reason::kStorageDamaged, StrCat(path, " is damaged"));
}

absl::StatusOr<std::unique_ptr<RevisionNote>> RevisionNote::Make(const std::string& path,
                                                                 const Content& content) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd < 0) return FileError("making", path, errno);
  std::unique_ptr<RevisionNote> note(new RevisionNote(fd));
  if (const int error = posix_fallocate(fd, 0, kSlots * kPage); error != 0) {
    return FileError("making", path, error);
  }
  // Both slots are written, so that later writes change nothing that the file system keeps of them.
  for (int i = 0; i < kSlots; ++i) {
    if (!note->Put(content)) return FileError("writing", path, errno);
  }
  if (fdatasync(fd) != 0) return FileError("writing", path, errno);
  if (absl::Status synced = SyncFolderOf(path); !synced.ok()) return synced;
  return note;
}

RevisionNote::~RevisionNote() {
  Sync();
  close(fd_);
}

bool RevisionNote::Put(const Content& content) {
  Slot slot{kMagic, {content.store[0], content.store[1]}, content.revision, 0};
  slot.checksum = ChecksumOf(slot);
  if (pwrite(fd_, &slot, sizeof(slot), next_slot_ * kPage) != sizeof(slot)) return false;
  last_ = content;
  next_slot_ = (next_slot_ + 1) % kSlots;
  return true;
}

void RevisionNote::Note(uint64_t revision) {
  if (revision <= last_.revision) return;
  const off_t page = next_slot_ * kPage;
  if (!Put({last_.store, revision})) return;
  unsynced_ = true;
  // Begins to write and waits for nothing: the sync of the commit's own file, which comes after it,
  // has most disks keep both.
  static_cast<void>(sync_file_range(fd_, page, kPage, SYNC_FILE_RANGE_WRITE));
}

void RevisionNote::Sync() {
  if (!unsynced_.exchange(false)) return;
  // What can't be synced is as after a loss of power: the note says less. It is tried again.
  if (fdatasync(fd_) != 0) unsynced_ = true;
}

}  // namespace dnc
