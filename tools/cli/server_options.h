// The options with which every tool connects to a server.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "dnc/tls.h"
#include "tools/cli/cli11_names.h"

namespace dnc::cli {

struct ServerOptions {
  std::string server = "127.0.0.1:50061";  // HOST:PORT, unix:PATH, or another gRPC name
  TlsOptions tls;
  std::string key;     // an API key; empty: none; never printed
  std::string tenant;  // the tenant to act as, with an operator's key
};

// Adds the options, with defaults from the environment. `options` must outlive the parsing.
void AddServerOptions(CLI::App* app, ServerOptions* options);

// Call this once all options are read. Removes white space at the ends of their values, and fails
// with INVALID_ARGUMENT if no server can be reached with them. No message shows the key.
absl::Status CheckServerOptions(ServerOptions* options);

}  // namespace dnc::cli
