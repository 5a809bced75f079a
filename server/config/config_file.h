// Reads the configuration file.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config/server_config.h"

namespace dnc {

// The configuration in `yaml`, the defaults where it is silent. Errors: INVALID_ARGUMENT, with the
// key and line of what is unknown, of the wrong type, or out of its range.
absl::StatusOr<ServerConfig> ParseConfig(const std::string& yaml);

// Reads the file at `path`. Also NOT_FOUND.
absl::StatusOr<ServerConfig> ReadConfigFile(const std::string& path);

// What holds for flags as well as for the file: addresses, the log level, absolute folders.
absl::Status CheckConfig(const ServerConfig& config);

}  // namespace dnc
