// What the transport says of calls that it ends by itself.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "server/wire/grpc_text.h"

namespace dnc {

// What is wrong with a call's form has a code and no reason.
GrpcStatus Internal(std::string message);
GrpcStatus Unimplemented(std::string message);

// The rest has reasons. LIMIT_REACHED:
absl::Status NoRoom();
absl::Status TooMuchMetadata(size_t size, size_t most);
absl::Status TooLong(size_t size, size_t most);
// STREAM_SILENT: the rest of the request did not come, or the answer was not read.
absl::Status HalfARequest();
absl::Status NobodyReads();

}  // namespace dnc
