// Dates, identifiers and names in the registry's form: `2026-8-5_818_GUID.txt.zip`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"

namespace dnc {

// Reads `YYYY-MM-DD`, with or without leading zeros; an empty text is today (UTC).
absl::StatusOr<absl::CivilDay> ParseDay(std::string_view text);

// Today in UTC.
absl::CivilDay Today();

// `2026-8-5`, as the registry writes it.
std::string DayText(absl::CivilDay day);

// Makes an identifier of the form of a GUID from its arguments alone.
std::string MakeGuid(uint64_t seed, std::string_view label, absl::CivilDay day);

// Returns `DAY_LABEL_GUID.EXTENSION`.
std::string RegistryFileName(absl::CivilDay day, std::string_view label, uint64_t seed,
                             std::string_view extension);

// The date at the start of a file's name (without folders), if it has one.
std::optional<absl::CivilDay> DayOfFileName(std::string_view name);

}  // namespace dnc
