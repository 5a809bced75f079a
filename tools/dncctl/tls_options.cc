#include "tools/dncctl/tls_options.h"

namespace dnc::ctl {

void AddTlsOptions(CLI::App* app, TlsOptions* options) {
  app->add_option("--ca-file", options->ca_file,
                  "Connect by TLS and trust only these certificates (PEM)")
      ->envname("DNC_CA_FILE");
  app->add_flag("--tls", options->enabled, "Connect by TLS and trust the system's certificates");
  app->add_option("--tls-name", options->server_name,
                  "The name that the server's certificate must have, if it isn't the host's")
      ->envname("DNC_TLS_NAME");
}

}  // namespace dnc::ctl
