// Computes how long an established business relationship (EBR) lasts, from a table whose rows have
// an effective date and a source.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace dnc {

// The event that a relationship rests on: the person bought something (a transaction), or asked
// about something (an inquiry).
enum class EbrKind : uint8_t { kNone = 0, kTransaction = 1, kInquiry = 2 };

// One row of the table: how long a relationship of this kind lasts for numbers of this state.
struct EbrRule {
  std::string_view state;  // two letters; empty if federal
  EbrKind kind;
  int months;                // calendar months; 0 if the length is counted in days
  int days;                  // 0 if the length is counted in months
  absl::CivilDay effective;  // applies to events from this day on
  std::string_view source;
};

// Returns all rows. The federal rows cite the rule; the states' rows say where their lengths were
// found. Thread-safe.
const std::vector<EbrRule>& EbrRules();

// Returns the first moment at which the relationship no longer counts for a number of the area
// code. The shortest of the federal rule and the rules of the code's state applies; if no state is
// known for the area code, the shortest of all rows. Nobody knows in which time zone the event took
// place and the call will be made. So the start is the earliest day that the event had in any
// American zone, territories included, and the end is the moment at which the last day ends first
// in any of them: the result is never too late. Returns InfinitePast without a kind or an event,
// since such a relationship never counts.
absl::Time EbrEnd(EbrKind kind, absl::Time last_event, int area_code);

}  // namespace dnc
