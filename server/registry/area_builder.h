// One area code of a release in the making: what lists do to its numbers, its seal, and what has to
// be stored of it.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "server/index/area_set.h"
#include "server/registry/records.pb.h"
#include "server/registry/release_store.h"

namespace dnc {

// A change that a change list gave.
struct TimedChange {
  uint32_t subscriber = 0;
  bool added = false;
  int64_t at_micros = 0;
};

// What changes did to an area code.
struct AppliedChanges {
  uint64_t numbers = 0;    // that they speak of
  uint64_t no_effect = 0;  // numbers that they did not move
};

// Not thread-safe.
class AreaBuilder {
 public:
  // Begins with an area code as it is: with `numbers` null and `covered` false if nothing is loaded
  // that can be trusted.
  AreaBuilder(storage::Seal seal, AreaSetPtr numbers, bool covered)
      : seal_(std::move(seal)), before_(numbers), numbers_(std::move(numbers)), covered_(covered) {}

  bool covered() const { return covered_; }
  // The numbers of before; null if nothing that can be trusted was loaded.
  const AreaSetPtr& before() const { return before_; }
  const AreaSetPtr& numbers() const { return numbers_; }
  const storage::Seal& seal() const { return seal_; }
  storage::Seal& seal() { return seal_; }
  uint64_t added() const { return added_; }
  uint64_t deleted() const { return deleted_; }

  // Replaces the numbers by those of a full list. Where the area code was covered before, the
  // difference becomes changes dated `obtained_at`.
  void ReplaceBy(AreaSetPtr numbers, int64_t obtained_at, uint64_t release_id);

  // Applies changes, in the order in which they take effect.
  AppliedChanges Apply(absl::Span<const TimedChange> changes);

  // Whether a change list of this release told of a change of the number that supersedes this one.
  bool IsSuperseded(uint32_t subscriber, bool added, int64_t at_micros) const;

  // Has the area code written whole, so that no release before this one is needed to read it.
  void Rebase() { rebase_ = true; }

  // Seals the result, and puts what has to be stored into `content`: the changes, or the whole
  // area code where that is shorter, or where many releases of changes have piled up.
  void Finish(uint64_t release_id, ReleaseContent& content);

 private:
  bool WritesWhole() const;

  storage::Seal seal_;
  AreaSetPtr before_;
  AreaSetPtr numbers_;
  bool covered_;
  bool fresh_ = false;  // covered by this release for the first time
  bool rebase_ = false;
  // By number; those of a number in the order of taking effect.
  std::vector<StoredChange> changes_;
  uint64_t added_ = 0;
  uint64_t deleted_ = 0;
};

}  // namespace dnc
