// Writes a synthetic calling list: a CSV of leads of which a given share is on the registry.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "tools/dncgen/base_set.h"

namespace dnc {

struct LeadListOptions {
  std::string path;
  std::string truth_path;  // `id,listed`, for tests; empty: none
  uint64_t numbers = 0;
  double hit_rate = 0.48;
  uint64_t seed = 1;
};

// Writes `id,name,phone,city`, with phones in mixed writings. Exactly `hit_rate` of them, rounded,
// are in the base. The others are from the same exchanges but not in it. Numbers may repeat.
// Returns the count of listed ones.
absl::StatusOr<uint64_t> WriteLeadList(const BaseSet& base, const LeadListOptions& options);

}  // namespace dnc
