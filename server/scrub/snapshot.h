// What a scrub reads: the lists that count, each with its numbers and its coverage. The registry
// builds and publishes a snapshot, which never changes afterwards.
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/index/number_set.h"

namespace dnc {

enum class ListKind : uint8_t { kNational, kState, kLitigator, kWireless, kWireline, kOther };

// What being on a list means; dnc.v1.ListEffect has the same values.
enum class ListEffect : uint8_t { kDeny = 1, kWireless = 2, kInform = 3, kExempt = 4 };

enum class AreaState : uint8_t {
  kNotLoaded,      // no release covers it
  kLoaded,         // loaded, and its content matches its seal
  kDamaged,        // the stored content does not match its seal: no answer rests on it
  kBeforeHistory,  // for as-of questions: the history does not reach the moment asked about
};

struct AreaCoverage {
  AreaState state = AreaState::kNotLoaded;
  absl::Time obtained_at = absl::InfinitePast();
  // When the release that brought the data was published; the data counts as no younger than that.
  // InfinitePast: nobody knows how old it is, because it was once dated in the future, or was too
  // old when an operator accepted a clock that is behind the stores. InfiniteFuture: it is not
  // known, and the age counts from `obtained_at`.
  absl::Time published_at = absl::InfiniteFuture();
  // Until when change lists that were silent about it show that nothing changed; InfinitePast if
  // none do. No answer holds longer because of it.
  absl::Time known_by_silence_at = absl::InfinitePast();
};

// Returns the moment from which the data's age counts: when it was obtained or when it was
// published, whichever is earlier. InfinitePast: nobody can tell, so the data is older than any
// limit.
inline absl::Time AgedFrom(const AreaCoverage& coverage) {
  return std::min(coverage.obtained_at, coverage.published_at);
}

// Data from the future shows that a clock is wrong. A day of grace is given, because a file's date
// is a day in some time zone, and clocks differ.
inline constexpr absl::Duration kMaxFuture = absl::Hours(24);

// Returns until when, inclusive, data is young enough for a list of that maximum age.
inline absl::Time FreshUntil(const AreaCoverage& coverage, absl::Duration max_age) {
  return AgedFrom(coverage) + max_age;
}

// Returns whether data is too old at a moment, or dated in the future.
inline bool IsStale(const AreaCoverage& coverage, absl::Duration max_age, absl::Time now) {
  return now > FreshUntil(coverage, max_age) || coverage.obtained_at - now >= kMaxFuture;
}

// A list in a snapshot.
struct SnapshotList {
  std::string name;  // "national", "state:TX", ...
  ListKind kind = ListKind::kNational;
  ListEffect effect = ListEffect::kDeny;
  // Whether a number that the list does not cover is NOT_COVERED. A list that is not required but
  // loaded still answers STALE when it is too old, and a tenant that names a list requires it.
  bool required = true;
  // The area codes that the list must cover; a state's list need not cover other states. A number
  // that is on the list counts whatever its area code.
  std::bitset<kAreaCodes> applies_to = std::bitset<kAreaCodes>().set();
  absl::Duration max_age = absl::Hours(31 * 24);
  uint64_t release_id = 0;  // 0: nothing loaded
  std::string digest;       // 32 hexadecimal digits
  NumberSet numbers;
  std::array<AreaCoverage, kAreaCodes> areas{};
};

using SnapshotListPtr = std::shared_ptr<const SnapshotList>;

struct Snapshot {
  uint64_t revision = 0;
  // The machine's clock is so far behind what is known that nobody knows how old anything is, so
  // everything is stale.
  bool clock_behind = false;
  // In the order of the policy.
  std::vector<SnapshotListPtr> lists;
  // Lists of the policy that are neither loaded nor required, and what their entries would mean.
  // They are not asked unless a tenant names them.
  std::vector<std::pair<std::string, ListEffect>> unloaded;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace dnc
