// Up to which revision the store holds records, and what is kept of their changes: since which
// revision, and when the oldest may go.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/storage/store.h"

namespace dnc {

// The revision of the last commit; 0 in a new store. DATA_LOSS OWN_LISTS_DAMAGED.
absl::StatusOr<uint64_t> StoredRevision(const StoreSnapshot& store);
void PutRevision(uint64_t revision, StoreBatch& batch);

// Every so often a mark notes the time and the count of changes at a revision; changes before a
// mark go when the mark is old enough, or when too many came after it. Not thread-safe.
class ChangeLog {
 public:
  // DATA_LOSS OWN_LISTS_DAMAGED.
  absl::Status Read(const StoreSnapshot& store);

  // Notes that the commit of `revision`, asked for at `now`, has `count` changes; puts a mark into
  // its batch if one is due, and the counts in any case.
  void Note(uint64_t revision, uint64_t count, absl::Time now, StoreBatch& batch);

  // The revision whose changes and those before may go: as old as `age`, or with more than
  // `max_changes` after it. What is kept begins after it. Never below what was dropped before.
  uint64_t DroppableUpTo(absl::Time now, absl::Duration age, uint64_t max_changes) const;

  // Notes, also in `batch`, that changes up to `revision` are dropped.
  void Drop(uint64_t revision, StoreBatch& batch);

  uint64_t dropped_up_to() const { return dropped_up_to_; }
  // When the newest commit was made that is above `after` and noted; they are noted once an hour.
  absl::Time newest(uint64_t after) const {
    return marks_.empty() || marks_.rbegin()->first <= after ? absl::InfinitePast()
                                                             : marks_.rbegin()->second.time;
  }
  // The time of the oldest mark, InfiniteFuture if there is none: what is kept began up to a mark's
  // interval before it.
  absl::Time oldest() const {
    return marks_.empty() ? absl::InfiniteFuture() : marks_.begin()->second.time;
  }

 private:
  struct Mark {
    absl::Time time;
    uint64_t changes = 0;  // ever, up to it
  };
  void WriteHead(StoreBatch& batch) const;

  uint64_t changes_ = 0;  // ever
  uint64_t dropped_up_to_ = 0;
  std::map<uint64_t, Mark> marks_;  // by revision
};

}  // namespace dnc
