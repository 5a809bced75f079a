// One area code of a release in the making.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
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

constexpr int64_t kDayMicros = int64_t{24} * 3600 * 1'000'000;

// The latest moment that the time of a change may mean. Midnight is a date without a time: an
// addition may be as late as the end of that day; a deletion counts from its beginning.
inline int64_t LatestMoment(bool added, int64_t at_micros) {
  return added && at_micros % kDayMicros == 0 ? at_micros + kDayMicros - 1 : at_micros;
}

// The latest moment that any change up to `last_at_micros` may mean: one of that day may have been
// told as the day alone.
inline int64_t LatestMomentUpTo(int64_t last_at_micros) {
  return last_at_micros - last_at_micros % kDayMicros + kDayMicros - 1;
}

// Whether one change of a number takes effect after another: the later one, and of two at the same
// time the addition, because who asked not to be called must not be called.
inline bool Supersedes(bool added, int64_t at_micros, bool other_added, int64_t other_at_micros) {
  const int64_t moment = LatestMoment(added, at_micros);
  const int64_t other = LatestMoment(other_added, other_at_micros);
  if (moment != other) return moment > other;
  return added && !other_added;
}

// Whether an addition at a moment stands against a full list that lacks the number: unless that is
// later by more than a day. The time zone of changes is not known, and the date of a full list is a
// day, of which it may be the beginning.
inline bool StandsAgainstFull(int64_t added_at_micros, int64_t full_at_micros) {
  return added_at_micros >= full_at_micros - kDayMicros;  // the least time there is, too
}

// Whether a deletion may be earlier than a full list that holds the number: the date of a full list
// is a day, of which it may be the end, and the number stays listed then. Where the moment is known
// at which the list was obtained, a deletion after it is later.
inline bool MayPrecedeFull(int64_t deleted_at_micros, int64_t full_at_micros) {
  const bool day_alone = full_at_micros % kDayMicros == 0;
  return day_alone ? deleted_at_micros < full_at_micros + kDayMicros
                   : deleted_at_micros <= full_at_micros;
}

// What changes did to an area code.
struct AppliedChanges {
  uint64_t numbers = 0;    // that they speak of
  uint64_t no_effect = 0;  // numbers that they did not move
};

// Not thread-safe.
class AreaBuilder {
 public:
  // An area code as it is: `numbers` null and `covered` false if nothing that can be trusted is
  // loaded.
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
