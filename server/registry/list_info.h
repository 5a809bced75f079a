// Describes a list as it is loaded now: what it covers, and how it counts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/registry/release_info.h"
#include "server/scrub/snapshot.h"

namespace dnc {

enum class CoverageState : uint8_t { kCovered = 1, kStale = 2, kDamaged = 3 };

struct AreaInfo {
  int area_code = 0;
  CoverageState state = CoverageState::kDamaged;
  uint64_t numbers = 0;
  absl::Time obtained_at;
  absl::Time stale_at;
  std::string digest;
  uint64_t release_id = 0;
  absl::Time history_since;
  absl::Time known_by_silence_at = absl::InfinitePast();  // InfinitePast if silence shows nothing
};

struct CoverageInfo {
  std::string list;
  uint64_t release_id = 0;
  std::vector<AreaInfo> areas;  // ascending
  bool covers_all = false;
};

struct ListInfo {
  std::string list;
  ListEffect effect = ListEffect::kDeny;
  bool required = true;
  absl::Duration max_age;
  std::optional<ReleaseInfo> release;  // without its files
  uint32_t covered = 0;
  uint32_t stale = 0;
  uint32_t damaged = 0;
};

}  // namespace dnc
