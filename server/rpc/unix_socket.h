// The file of a unix socket: before it is listened on, and after.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace dnc {

// Removes the socket at `path` that a server left behind which was killed. UNAVAILABLE if another
// program serves it, or something else than a socket is there.
absl::Status FreeSocket(const std::string& path);

// Sets who may connect. UNAVAILABLE if that fails.
absl::Status SetMode(const std::string& path, uint32_t mode);

}  // namespace dnc
