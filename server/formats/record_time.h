// The times of change lists.
#pragma once

#include <optional>
#include <string_view>

#include "absl/time/time.h"

namespace dnc {

// `YYYY-MM-DD`, which is 00:00, or `YYYY-MM-DDThh:mm[:ss[.fraction]][Z]`, with a blank or lower
// case in place of the T as well. Taken as UTC. Nothing if it is neither, or no possible time.
std::optional<absl::Time> ParseRecordTime(std::string_view text);

}  // namespace dnc
