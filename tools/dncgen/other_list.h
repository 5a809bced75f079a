// Writes synthetic lists of the other kinds: state and litigator lists as CSV, and wireless numbers
// in the form in which iconectiv writes ported numbers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace dnc {

enum class OtherListKind {
  kState,      // `phone,registered_on`
  kLitigator,  // `name,phone,filed_on`, with quoting
  kWireless,   // one ten-digit number per line
};

struct OtherListOptions {
  OtherListKind kind = OtherListKind::kState;
  std::string path;  // a name that ends with .zip makes an archive
  uint64_t numbers = 0;
  uint64_t seed = 1;
  std::vector<int> area_codes;  // empty: all
  bool ranges = false;          // kWireless: neighbors as `2015550100,0104`, the form of the files
                                // without -NORANGE in their name
};

// Writes exactly `options.numbers` numbers, ascending, in bounded memory. Fails as WriteFullList
// does.
absl::Status WriteOtherList(const OtherListOptions& options);

}  // namespace dnc
