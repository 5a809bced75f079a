// The history of one number: when it came onto lists and left them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace dnc {

enum class HistoryAction : uint8_t {
  kFirstSeen = 1,
  kAdded = 2,
  kDeleted = 3,
  kRetired = 4,
  kRolledBack = 5,
};

struct HistoryEvent {
  std::string list;
  HistoryAction action = HistoryAction::kAdded;
  absl::Time time;
  uint64_t release_id = 0;
  std::string requested_by;  // for kRetired and kRolledBack
  std::string reason;
};

struct NumberHistory {
  std::vector<HistoryEvent> events;  // oldest first
  std::vector<std::string> listed_on;
};

}  // namespace dnc
