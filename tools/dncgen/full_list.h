// Writes a synthetic full list in the registry's formats and file names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"

namespace dnc {

struct FullListOptions {
  std::string folder;
  uint64_t numbers = 0;
  uint64_t seed = 1;
  std::vector<int> area_codes;  // empty: all in service
  absl::CivilDay day;           // the date in the files' names
  bool plain = false;           // not zipped
  bool xml = false;             // XML instead of flat text
  bool single_file = false;     // puts all area codes into one file with the label `National`
  int threads = 1;
};

struct FullListResult {
  uint64_t numbers = 0;
  std::vector<std::string> paths;  // one file per area code
};

// Writes exactly `options.numbers` numbers. The bytes depend on all options except `threads`. Takes
// a few megabytes of memory per thread. After an error, files that are complete stay.
absl::StatusOr<FullListResult> WriteFullList(const FullListOptions& options);

}  // namespace dnc
