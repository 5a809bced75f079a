// The options with which a tool reaches a server by TLS.
#pragma once

#include <CLI/CLI.hpp>

#include "dnc/tls.h"

namespace dnc::ctl {

// --ca-file, --tls and --tls-name; `options` must outlive the parsing.
void AddTlsOptions(CLI::App* app, TlsOptions* options);

}  // namespace dnc::ctl
