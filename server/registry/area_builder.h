// Builds one area code of a release: applies what lists do to its numbers, makes its seal, and
// decides what has to be stored.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "server/index/area_set.h"
#include "server/registry/records.pb.h"
#include "server/registry/release_store.h"

namespace dnc {

// A change as a change list gave it.
struct TimedChange {
  uint32_t subscriber = 0;
  bool added = false;
  int64_t at_micros = 0;
};

// The effect of changes on an area code.
struct AppliedChanges {
  uint64_t numbers = 0;    // numbers that the changes name
  uint64_t no_effect = 0;  // those of them whose state the changes left as it was
};

// Not thread-safe.
class AreaBuilder {
 public:
  // Begins with an area code as it is. If nothing trustworthy is loaded, `numbers` is null and
  // `covered` is false.
  AreaBuilder(storage::Seal seal, AreaSetPtr numbers, bool covered)
      : seal_(std::move(seal)), before_(numbers), numbers_(std::move(numbers)), covered_(covered) {}

  bool covered() const { return covered_; }
  // Returns the numbers before the release; null if nothing trustworthy was loaded.
  const AreaSetPtr& before() const { return before_; }
  const AreaSetPtr& numbers() const { return numbers_; }
  const storage::Seal& seal() const { return seal_; }
  storage::Seal& seal() { return seal_; }
  uint64_t added() const { return added_; }
  uint64_t deleted() const { return deleted_; }

  // Replaces the numbers by those of a full list. If the area code was covered before, the
  // difference becomes changes dated `obtained_at`.
  void ReplaceBy(AreaSetPtr numbers, int64_t obtained_at, uint64_t release_id);

  // Applies changes, in the order in which they take effect.
  AppliedChanges Apply(absl::Span<const TimedChange> changes);

  // Returns whether a change list of this release had a change of the number that supersedes this
  // one.
  bool IsSuperseded(uint32_t subscriber, bool added, int64_t at_micros) const;

  // Makes Finish write the area code whole, so that reading it needs no earlier release.
  void Rebase() { rebase_ = true; }

  // Seals the result and puts what must be stored into `content`: the changes; or the whole area
  // code where that is shorter, or where changes of many releases have piled up.
  void Finish(uint64_t release_id, ReleaseContent& content);

 private:
  bool WritesWhole() const;

  storage::Seal seal_;
  AreaSetPtr before_;
  AreaSetPtr numbers_;
  bool covered_;
  bool fresh_ = false;  // covered by this release for the first time
  bool rebase_ = false;
  // Sorted by number; the changes of one number are in the order in which they take effect.
  std::vector<StoredChange> changes_;
  uint64_t added_ = 0;
  uint64_t deleted_ = 0;
};

}  // namespace dnc
