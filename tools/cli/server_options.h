// The options with which every tool reaches a server.
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
  std::string tenant;  // to act as, with an operator's key
};

// Adds them, with what the environment says as defaults. `options` must outlive the parsing.
void AddServerOptions(CLI::App* app, ServerOptions* options);

// Call it once all options are read. Drops white space at the ends of what they say, and refuses
// with INVALID_ARGUMENT what no server can be reached with. No message tells the key.
absl::Status CheckServerOptions(ServerOptions* options);

}  // namespace dnc::cli
