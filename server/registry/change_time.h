// Says what the time of a change means.
//
// Registries give times as moments or as days, and write a day as its midnight. So a time has two
// ends: the earliest moment that it may mean, which is the time itself, and the latest, which for a
// day is the end of that day. These functions decide which of two changes of a number counts, and
// whether a change counts against a full list. When in doubt, they keep the number on the list.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace dnc {

constexpr int64_t kDayMicros = int64_t{24} * 3600 * 1'000'000;

// Returns whether a time is a date without a time of day.
inline bool IsMidnight(absl::Time time) { return absl::ToUnixMicros(time) % kDayMicros == 0; }

// Returns the latest moment that a time may mean: for a date without a time of day, which is
// midnight, the end of its day.
inline absl::Time EndOfMoment(absl::Time time) {
  return IsMidnight(time) ? time + absl::Hours(24) : time;
}

// Returns the latest moment that the time of a change may mean. Midnight is a date without a time
// of day: an addition may be as late as the end of that day, but a deletion counts from its
// beginning.
inline int64_t LatestMoment(bool added, int64_t at_micros) {
  return added && at_micros % kDayMicros == 0 ? at_micros + kDayMicros - 1 : at_micros;
}

// Returns the latest moment that any change up to `last_at_micros` may mean: a change on that day
// may have been given as the day alone.
inline int64_t LatestMomentUpTo(int64_t last_at_micros) {
  return last_at_micros - last_at_micros % kDayMicros + kDayMicros - 1;
}

// Returns whether one change of a number takes effect after another. The later one does. Of two at
// the same time the addition does, because whoever asked not to be called must not be called.
inline bool Supersedes(bool added, int64_t at_micros, bool other_added, int64_t other_at_micros) {
  const int64_t moment = LatestMoment(added, at_micros);
  const int64_t other = LatestMoment(other_added, other_at_micros);
  if (moment != other) return moment > other;
  return added && !other_added;
}

// Returns whether an addition counts against a full list that lacks the number. It does unless the
// full list is more than a day later: the time zone of changes is not known, and the date of a full
// list is a day, of which it may mean the beginning.
inline bool StandsAgainstFull(int64_t added_at_micros, int64_t full_at_micros) {
  return added_at_micros >= full_at_micros - kDayMicros;  // safe even for the least possible time
}

// Returns whether a deletion may be earlier than a full list that holds the number; the number then
// stays listed. The date of a full list is a day, of which it may mean the end. Where the moment at
// which the list was obtained is known, a deletion after it is later.
inline bool MayPrecedeFull(int64_t deleted_at_micros, int64_t full_at_micros) {
  const bool day_alone = full_at_micros % kDayMicros == 0;
  return day_alone ? deleted_at_micros < full_at_micros + kDayMicros
                   : deleted_at_micros <= full_at_micros;
}

}  // namespace dnc
