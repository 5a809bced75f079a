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
  bool single_file = false;     // all area codes in one file, label `National`
  int threads = 1;
};

struct FullListResult {
  uint64_t numbers = 0;
  std::vector<std::string> paths;  // a file each, by area code
};

// Writes exactly `options.numbers` numbers; the bytes depend on everything but `threads`. Memory
// is a few megabytes a thread. After an error the complete files stay.
absl::StatusOr<FullListResult> WriteFullList(const FullListOptions& options);

}  // namespace dnc
