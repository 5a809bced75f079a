// What the transport says of calls that it ends by itself.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace dnc {

// MALFORMED_CALL and NOT_SUPPORTED: what is wrong with a call's form.
absl::Status Malformed(std::string_view what);
absl::Status NotSupported(std::string_view what);

// LIMIT_REACHED:
absl::Status NoRoom();
absl::Status TooMuchMetadata(size_t size, size_t most);
absl::Status TooLong(size_t size, size_t most);
// STREAM_SILENT: the rest of the request did not come, or the answer was not read.
absl::Status HalfARequest();
absl::Status NobodyReads();

}  // namespace dnc
