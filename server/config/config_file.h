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

// "HOST:PORT" with a port from 0 to 65535; HOST may be an IPv6 address in brackets.
bool IsListenAddress(const std::string& address);
// "unix:/PATH": a socket in the file system.
inline constexpr char kUnixScheme[] = "unix:";
bool IsUnixAddress(const std::string& address);
// The path in such an address.
std::string UnixPathOf(const std::string& address);
// Whether only programs of this machine reach the address.
bool IsLoopback(const std::string& address);

}  // namespace dnc
