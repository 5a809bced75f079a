// What the time of a change means.
//
// Registries tell times as moments or as days, and a day is written as its midnight. So a time has
// two ends: the earliest moment that it may mean, which is itself, and the latest, which for a day
// is the end of that day. These functions say which of two changes of a number counts, and whether
// a change counts against a full list, always so that a number is rather kept on the list.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace dnc {

constexpr int64_t kDayMicros = int64_t{24} * 3600 * 1'000'000;

// Whether a time is a date without a time of day.
inline bool IsMidnight(absl::Time time) { return absl::ToUnixMicros(time) % kDayMicros == 0; }

// The end of what a time means: of a date without a time, which is midnight, the end of its day.
inline absl::Time EndOfMoment(absl::Time time) {
  return IsMidnight(time) ? time + absl::Hours(24) : time;
}

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

}  // namespace dnc
