// Reads the times in change lists.
#pragma once

#include <optional>
#include <string_view>

#include "absl/time/time.h"

namespace dnc {

// Reads `YYYY-MM-DD`, which means 00:00, or `YYYY-MM-DDThh:mm[:ss[.fraction]][Z]`; the T may be a
// blank or lower case. Times are taken as UTC. Returns nullopt for anything else, and for
// impossible times.
std::optional<absl::Time> ParseRecordTime(std::string_view text);

}  // namespace dnc
