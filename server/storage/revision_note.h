// The last revision of one store, kept in the folder of the other store of the data folder: a store
// that is missing, or that came back as an older copy, is noticed by what the other one's folder
// says. It lies inside, so that it isn't put back without that store.
//
// The file has two slots (position_slots.h), one copy each. A change is written before it is
// acknowledged, so that it outlives the process, but isn't waited for until it is on the disk,
// which would cost each commit a wait more. Its way to the disk begins at once, and Sync ends it:
// after a loss of power the note may say too little, by what was acknowledged since the last Sync.
//
// Thread-safe are Sync and one other call at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/storage/position_slots.h"

namespace dnc {

// No file of RocksDB, and not of a store's seal.
inline constexpr char kNoteExtension[] = ".revision";

class RevisionNote {
 public:
  // NOT_FOUND STORAGE: there is no such file. DATA_LOSS STORAGE: it has no whole slot.
  static absl::StatusOr<std::unique_ptr<RevisionNote>> Open(const std::string& path);
  // Makes the file anew, durably.
  static absl::StatusOr<std::unique_ptr<RevisionNote>> Make(const std::string& path,
                                                            const Position& position);
  ~RevisionNote();
  RevisionNote(const RevisionNote&) = delete;
  RevisionNote& operator=(const RevisionNote&) = delete;

  const Position& last() const { return last_; }
  // Call it after a change is durable and before it is acknowledged. A note that can't be written
  // is written with the next one.
  void Note(uint64_t revision);
  // Waits until what was noted is on the disk; at once if it is.
  void Sync();

 private:
  explicit RevisionNote(int fd);
  bool Put(const Position& position);

  const int fd_;
  PositionSlots slots_;
  Position last_;
  std::atomic<bool> unsynced_{false};
};

}  // namespace dnc
