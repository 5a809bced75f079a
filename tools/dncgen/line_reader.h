// Reads the lines of a text file that dncgen wrote, plain or in a zip archive. The server's readers
// (server/formats) do not serve here: they hash each file and guard against foreign archives, which
// takes time on a registry of 250 million lines, and these lines have fixed places for their
// digits, so that there is no grammar of CSV to share.
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
