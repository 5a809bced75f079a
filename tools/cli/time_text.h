// Reads times as other programs write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace dnc::cli {

// Reads a date or a time that can mean only one moment; nullopt for all other texts. It accepts:
//   2026-08-05, 2026/08/05, 20260805, 05-Aug-2026, Aug 5, 2026, and 8/25/2026 or 25.8.2026, but
//   only where one of the two can't be the month, or both are the same;
//   behind a `T` or blanks the time: 14:00, 14:00:59, with a fraction, with AM or PM, 140059;
//   behind that the offset: Z, UTC, GMT, +00:00, +0000, +00; without one the time is UTC;
//   1785938400 and 1785938400000: seconds and milliseconds since 1970, from 2001 to 2033.
// The moment has the precision that was written, to a nanosecond, and is in the years 1 to 9999.
std::optional<absl::Time> ReadTime(std::string_view text);

// Returns why ReadTime does not read a text and what to write instead: "'x' is no time; write ...".
// The text is made printable.
std::string WhyNoTime(std::string_view text);

}  // namespace dnc::cli
