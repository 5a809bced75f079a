// Holds the snapshot in force for threads that take it anew for each batch.
//
//   slot 0: [count of owners] --\                     Get copies its slot's pointer, and Publish
//   slot 1: [count of owners] ---+--> the snapshot    replaces all slots at one moment.
//   ...                         /
//
// A shared_ptr's copies count their owners in one place, which all threads would write for each
// batch. Here each slot has its own count. No thread keeps an old snapshot: whatever Get gave has
// to go, and then the snapshot is freed.
#pragma once

#include <array>
#include <atomic>

#include "server/base/sharded_count.h"
#include "server/index/reader_gate.h"
#include "server/scrub/snapshot.h"

namespace dnc {

// Thread-safe, but one thread publishes at a time.
class SnapshotCell {
 public:
  SnapshotCell() = default;
  ~SnapshotCell();
  SnapshotCell(const SnapshotCell&) = delete;
  SnapshotCell& operator=(const SnapshotCell&) = delete;

  // Returns the snapshot that was published last, or null before the first; with `clock_behind` its
  // twin in which everything is stale. For the same snapshot a thread gets pointers of the same
  // owner each time.
  SnapshotPtr Get(bool clock_behind) const;

  // Replaces both. Every Get that begins after the return gives these or later ones, and so does
  // every Get that begins after another one gave them.
  void Publish(const SnapshotPtr& snapshot, const SnapshotPtr& clock_behind);

 private:
  struct Slot {
    SnapshotPtr snapshot;
    SnapshotPtr clock_behind;
  };
  using Slots = std::array<Slot, kThreadSlots>;

  ReaderGate gate_;
  std::atomic<const Slots*> slots_{nullptr};
};

}  // namespace dnc
