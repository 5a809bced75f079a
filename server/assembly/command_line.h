// The command line of dncd, and the configuration that it and the file amount to.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/assembly/open_stores.h"
#include "server/config/server_config.h"

namespace dnc {

// What a start was asked for.
struct Command {
  ServerConfig config;
  StartOptions start;
  bool create_operator_key = false;  // make a key for an operator, print it, and end
};

// Reads the arguments and the configuration file that they name; what an argument says goes before
// the file. Where the arguments ask for help or the version, or make no sense, it prints that,
// leaves the result empty, and sets `exit_code`. INVALID_ARGUMENT or NOT_FOUND: the configuration
// says something that can't be.
absl::StatusOr<std::optional<Command>> ReadCommandLine(int argc, char** argv,
                                                       const std::string& version, int* exit_code);

}  // namespace dnc
