// The positions of stores in small files beside their databases: the journal of the tenants'
// records (server/records/journal_position.h) and the revision notes (revision_note.h).
//
// Such a file has two slots, each in one or more copies. Positions go to one slot and then to the
// other, so that a write that is cut off damages only what was older:
//
//   0                                    4096
//   +-------+-------+----------+-----+   +-------+-------+----------+-----+
//   | magic | store | revision | sum |   | magic | store | revision | sum |   ... their copies
//   +-------+-------+----------+-----+   +-------+-------+----------+-----+
//     40 bytes, written for revisions      written for the revisions in
//     n, n + 2, ...                        between
//
// docs/internals/disk-format.md has the bytes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "server/storage/store_head.h"

namespace dnc {

struct Position {
  StoreId store{};
  uint64_t revision = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

// The slots of an open file, which stays the caller's. Not thread-safe.
class PositionSlots {
 public:
  static constexpr int kSlots = 2;
  static constexpr off_t kPage = 4096;  // each copy of a slot has one

  // `magic` tells the kind of the file, and `copies` how often each slot is written.
  PositionSlots(int fd, uint64_t magic, int copies) : fd_(fd), magic_(magic), copies_(copies) {}

  off_t file_bytes() const { return OffsetOf(0, copies_); }
  // Where the next Write puts its first copy.
  off_t next_offset() const { return OffsetOf(next_slot_, 0); }

  struct Found {
    std::optional<Position> newest;  // of all whole copies
    bool blank = true;               // every copy is there in full length and holds zeros
  };
  // Reads all slots, so that the next Write spares the newest. Nothing if a read fails; errno says
  // why.
  std::optional<Found> Read();
  // Writes all copies of the next slot, without a sync. False if it can't be done; errno says why.
  // Until Advance is called, later calls write the same slot again.
  bool Write(const Position& position);
  // What was written last is the newest position from now on, and the next Write spares it. Where
  // positions are synced, call it after the sync: until then only the other slot is certain.
  void Advance() { next_slot_ = (next_slot_ + 1) % kSlots; }

 private:
  static off_t OffsetOf(int slot, int copy) { return (slot + copy * kSlots) * kPage; }

  const int fd_;
  const uint64_t magic_;
  const int copies_;
  int next_slot_ = 0;
};

}  // namespace dnc
