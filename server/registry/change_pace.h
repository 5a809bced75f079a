// Whether a change list is complete as far as its own times tell: where its changes begin and end,
// and whether in between there is a hole that is long compared with their pace.
#pragma once

#include <optional>
#include <vector>

#include "absl/time/time.h"

namespace dnc {

// From when until when changes seem to be missing.
struct ChangeHole {
  absl::Time from;
  absl::Time to;
};

struct PaceLimits {
  // Longer than this is a hole, whatever the pace.
  absl::Duration longest = absl::InfiniteDuration();
  // Longer than this, too, if the dates of the lists before tell it.
  absl::Duration usual = absl::InfiniteDuration();
  // Whether the changes' own pace counts.
  bool by_pace = true;
};

// Up to so long nothing is missing by the pace: a date may mean any moment of its day, and over a
// weekend a publisher may rest.
inline constexpr absl::Duration kPaceGrace = absl::Hours(48);

// The times of the changes of one list, or of one area code in it.
class ChangePace {
 public:
  ChangePace(std::vector<absl::Time> times, const PaceLimits& limits);

  // The first hole after `known`, the moment up to which all is known, and before the last change.
  // `surely`: the same without what is known by silence alone; no later than `known`.
  std::optional<ChangeHole> HoleAfter(absl::Time known, absl::Time surely) const;
  // Up to when a list that is of `date` tells: its date, or its last change if that is long before.
  absl::Time EndOf(absl::Time date) const;

  // Whether, by their pace, changes are missing between the last one and `end`.
  bool EndsBefore(absl::Time end) const {
    return !empty() && end > last() && IsHole(end - last(), last() - first());
  }

  bool empty() const { return times_.empty(); }
  absl::Time first() const { return times_.front(); }
  absl::Time last() const { return times_.back(); }

 private:
  // `rest`: how long the changes go on without the hole.
  bool IsHole(absl::Duration length, absl::Duration rest) const;

  std::vector<absl::Time> times_;  // ascending
  const PaceLimits limits_;
  std::vector<ChangeHole> inside_;
};

}  // namespace dnc
