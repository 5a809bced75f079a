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
  std::string folder;  // where the file goes if `path` is empty
  std::string path;
  uint64_t adds = 0;
  uint64_t deletes = 0;
  uint64_t seed = 1;
  // The date in the file's name; default: the day after the base's.
  std::optional<absl::CivilDay> day;
};

// Writes exactly so many additions of numbers that the base does not hold, and deletions of numbers
// that it holds. No number comes twice, and the changes are in the order of their times (UTC). The
// times are between the base's date and the end of the file's date, and never later than now.
// Deletions begin on the day after the base's, because a full list may be from the end of its day.
// Returns the file's path. Fails with INVALID_ARGUMENT if there are no changes, more deletions than
// numbers, a date before the base's, or deletions in a list of the base's own day.
absl::StatusOr<std::string> WriteChangeList(const BaseSet& base, const ChangeListOptions& options);

}  // namespace dnc
