// Writes a synthetic change list that fits a base: `2015550123,2026-08-05T14:07:31,A`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "tools/dncgen/base_set.h"

namespace dnc {

struct ChangeListOptions {
  std::string folder;  // for the file, if `path` is empty
  std::string path;
  uint64_t adds = 0;
  uint64_t deletes = 0;
  uint64_t seed = 1;
  std::optional<absl::CivilDay> day;  // the date in the file's name; unset: the base's and one more
};

// Writes exactly so many additions of numbers that the base does not hold and deletions of numbers
// that it does, no number twice, in the order of their times (UTC): from the base's date to the end
// of the file's date, and never later than now. Deletions are from the day after the base's on,
// since a full list may be of the end of its day. Returns the file's path.
// Errors: INVALID_ARGUMENT for no changes, more deletions than numbers, a date before the base's,
// or deletions in a list of the base's own day.
absl::StatusOr<std::string> WriteChangeList(const BaseSet& base, const ChangeListOptions& options);

}  // namespace dnc
