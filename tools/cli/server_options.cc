#include "tools/cli/server_options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dnc/channel.h"

namespace dnc::cli {
namespace {

// Sets `field` if the environment has the variable. With CLI11's own way, the environment would
// override the option where several subcommands have it.
void TakeFromEnvironment(const char* variable, std::string* field) {
  if (const char* value = std::getenv(variable); value != nullptr) *field = value;
}

}  // namespace

void AddServerOptions(CLI::App* app, ServerOptions* options) {
  TakeFromEnvironment("DNC_SERVER", &options->server);
  std::string ca_file;
  TakeFromEnvironment("DNC_CA_FILE", &ca_file);
  if (!ca_file.empty()) options->tls.ca_file = ca_file;  // an empty option is an error
  TakeFromEnvironment("DNC_TLS_NAME", &options->tls.server_name);
  // There is no flag for the key, since other users of the machine can read a command line.
  TakeFromEnvironment("DNC_KEY", &options->key);
  TakeFromEnvironment("DNC_TENANT", &options->tenant);
  app->add_option("--server", options->server,
                  "HOST:PORT of the dncd, or unix:PATH (environment DNC_SERVER)")
      ->capture_default_str();
  app->add_option("--ca-file", options->tls.ca_file,
                  "Connect by TLS and trust only these certificates, PEM (environment "
                  "DNC_CA_FILE)");
  app->add_flag("--tls", options->tls.enabled,
                "Connect by TLS and trust the system's certificates");
  app->add_option("--tls-name", options->tls.server_name,
                  "The name that the server's certificate must have, if it isn't the host's "
                  "(environment DNC_TLS_NAME)");
  app->add_option("--tenant", options->tenant,
                  "Tenant to act as, with an operator's key (environment DNC_TENANT; the key: "
                  "environment DNC_KEY)");
}

absl::Status CheckServerOptions(ServerOptions* options) {
  auto server = CheckTarget(options->server);
  if (!server.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--server or DNC_SERVER: ", server.status().message()));
  }
  const auto identity = CheckIdentity({options->key, options->tenant});
  if (!identity.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("DNC_KEY, or --tenant or DNC_TENANT: ", identity.status().message()));
  }
  options->server = *std::move(server);
  options->key = identity->api_key;
  options->tenant = identity->tenant;
  if (options->tls.ca_file.has_value()) options->tls.ca_file = Trimmed(*options->tls.ca_file);
  options->tls.server_name = Trimmed(options->tls.server_name);
  return absl::OkStatus();
}

}  // namespace dnc::cli
