// How long an established business relationship (EBR) lasts: a table whose rows have an effective
// date and a source.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace dnc {

// What a relationship rests on: the person bought something (a transaction), or asked for something
// (an inquiry).
enum class EbrKind : uint8_t { kNone = 0, kTransaction = 1, kInquiry = 2 };

// One row of the table: how long a relationship of the kind lasts for numbers of the state.
struct EbrRule {
  std::string_view state;  // two letters; empty: federal
  EbrKind kind;
  int months;                // calendar months; 0 if it is counted in days
  int days;                  // 0 if it is counted in months
  absl::CivilDay effective;  // for events from this day on
  std::string_view source;
};

// All rows. The federal rows cite the rule; the states' rows say where their lengths were found.
// Thread-safe.
const std::vector<EbrRule>& EbrRules();

// The first moment at which the relationship no longer counts for a number of the area code. The
// shortest of the federal rule and the rules of its state holds; for an area code that no state is
// known for, the shortest of all rows. Nobody knows in which zone the event took place and the call
// will be made, so of the American zones, territories included, the one counts in which the event's
// day was the earliest and the last day ends first: the result is never too late. InfinitePast
// without a kind or an event: such a relationship never counts.
absl::Time EbrEnd(EbrKind kind, absl::Time last_event, int area_code);

}  // namespace dnc
