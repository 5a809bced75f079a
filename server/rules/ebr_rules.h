// How long an established business relationship lasts: data with an effective date and a source.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace dnc {

// What a relationship rests on: something was bought, or asked for.
enum class EbrKind : uint8_t { kNone = 0, kTransaction = 1, kInquiry = 2 };

// One row of the table. `months` or `days`, the other 0.
struct EbrRule {
  std::string_view state;  // two letters; empty: federal
  EbrKind kind;
  int months;
  int days;
  absl::CivilDay effective;  // for events from this day on
  std::string_view source;
};

const std::vector<EbrRule>& EbrRules();

// The first moment at which the relationship no longer counts for a number of the area code: the
// shortest of the federal rule and those of its state. The last day is the calendar day, in the
// zone where it ends first (UTC+14 side ignored: American zones only), so never too long. Unknown
// area code: the shortest of all rows. InfinitePast without a kind or an event.
absl::Time EbrEnd(EbrKind kind, absl::Time last_event, int area_code);

}  // namespace dnc
