// Reads the command line of dncd, and combines it with the configuration file.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/assembly/open_stores.h"
#include "server/config/server_config.h"

namespace dnc {

// What a start was asked to do.
struct Command {
  ServerConfig config;
  StartOptions start;
  bool create_operator_key = false;  // make an operator's key, print it, and end
};

// Reads the arguments and the configuration file that they name; an argument overrides the file. If
// the arguments ask for help or the version, or are wrong, it prints that, returns nullopt, and
// sets `exit_code`. Fails with INVALID_ARGUMENT or NOT_FOUND if the configuration is wrong.
absl::StatusOr<std::optional<Command>> ReadCommandLine(int argc, char** argv,
                                                       const std::string& version, int* exit_code);

}  // namespace dnc
