// The last revision of one store, kept in the folder of the data folder's other store. If a store
// is missing, or came back as an older copy, the note in the other folder shows it. The note lies
// inside that folder, so that nobody restores it without that store.
//
// The file has two slots a page apart, which are written in turn. A change is noted before it is
// acknowledged, so the note outlives the process. But nobody waits until the note is on the disk,
// because each commit would have to wait once more. Its way to the disk begins at once, and Sync
// completes it. After a loss of power, the note may lack what was acknowledged since the last Sync.
//
// Sync may run at the same time as one other call.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/storage/store_head.h"

namespace dnc {

// No file of RocksDB has this extension, and no store's seal.
inline constexpr char kNoteExtension[] = ".revision";

class RevisionNote {
 public:
  struct Content {
    StoreId store{};
    uint64_t revision = 0;
  };
  // Opens the file. Fails with NOT_FOUND STORAGE if there is none, and with DATA_LOSS STORAGE if it
  // has no whole slot.
  static absl::StatusOr<std::unique_ptr<RevisionNote>> Open(const std::string& path);
  // Creates the file, durably.
  static absl::StatusOr<std::unique_ptr<RevisionNote>> Make(const std::string& path,
                                                            const Content& content);
  ~RevisionNote();
  RevisionNote(const RevisionNote&) = delete;
  RevisionNote& operator=(const RevisionNote&) = delete;

  const Content& last() const { return last_; }
  // Call this after a change is durable and before it is acknowledged. If the note cannot be
  // written, the next call writes it.
  void Note(uint64_t revision);
  // Waits until what was noted is on the disk. Returns at once if it is.
  void Sync();

 private:
  explicit RevisionNote(int fd) : fd_(fd) {}
  bool Put(const Content& content);

  const int fd_;
  Content last_;
  int next_slot_ = 0;
  std::atomic<bool> unsynced_{false};
};

}  // namespace dnc
