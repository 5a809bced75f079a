// Makes and reads dates, identifiers and names in the registry's form: `2026-8-5_818_GUID.txt.zip`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"

namespace dnc {

// Reads `YYYY-MM-DD`, with or without leading zeros; an empty text means today (UTC).
absl::StatusOr<absl::CivilDay> ParseDay(std::string_view text);

// Returns today's date in UTC.
absl::CivilDay Today();

// Returns a date as the registry writes it, `2026-8-5`.
std::string DayText(absl::CivilDay day);

// Makes an identifier in the form of a GUID, from its arguments alone.
std::string MakeGuid(uint64_t seed, std::string_view label, absl::CivilDay day);

// Returns `DAY_LABEL_GUID.EXTENSION`.
std::string RegistryFileName(absl::CivilDay day, std::string_view label, uint64_t seed,
                             std::string_view extension);

// Returns the date at the start of a file's name (without folders), if there is one.
std::optional<absl::CivilDay> DayOfFileName(std::string_view name);

}  // namespace dnc
