#include "tools/dncctl/server_options.h"

#include <cstdlib>

namespace dnc::ctl {

void TakeFromEnvironment(const char* variable, std::string* field) {
  if (const char* value = std::getenv(variable); value != nullptr) *field = value;
}

void AddTlsOptions(CLI::App* app, TlsOptions* options) {
  TakeFromEnvironment("DNC_CA_FILE", &options->ca_file);
  TakeFromEnvironment("DNC_TLS_NAME", &options->server_name);
  app->add_option("--ca-file", options->ca_file,
                  "Connect by TLS and trust only these certificates, PEM (environment "
                  "DNC_CA_FILE)");
  app->add_flag("--tls", options->enabled, "Connect by TLS and trust the system's certificates");
  app->add_option("--tls-name", options->server_name,
                  "The name that the server's certificate must have, if it isn't the host's "
                  "(environment DNC_TLS_NAME)");
}

}  // namespace dnc::ctl
