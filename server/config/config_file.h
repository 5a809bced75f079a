// Reads the configuration file.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config/server_config.h"

namespace dnc {

// Parses the configuration in `yaml`; what it does not mention keeps its default. Fails with
// INVALID_ARGUMENT, naming key and line of a value that is unknown, of the wrong type or out of
// range.
absl::StatusOr<ServerConfig> ParseConfig(const std::string& yaml);

// Reads the file at `path`. Fails like ParseConfig, or with NOT_FOUND.
absl::StatusOr<ServerConfig> ReadConfigFile(const std::string& path);

// Checks what applies to flags as well as to the file: addresses, the log level, absolute folders.
absl::Status CheckConfig(const ServerConfig& config);

}  // namespace dnc
