// The lines of a text file that dncgen wrote, plain or in a zip archive. Their fields have fixed
// places, so this is no reader of CSV.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace dnc {

// Calls `visit` with each line, without its line end. Streams: memory is one buffer. Ends at the
// first error, its own (NOT_FOUND, DATA_LOSS with DAMAGED_FILE) or that of `visit`.
absl::Status ForEachLine(const std::string& path,
                         const std::function<absl::Status(std::string_view)>& visit);

}  // namespace dnc
