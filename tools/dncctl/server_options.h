// The options with which tools reach a server.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "dnc/tls.h"

namespace dnc::ctl {

// Sets `field` if the environment has the variable. Before the options are added: they win.
void TakeFromEnvironment(const char* variable, std::string* field);

// --ca-file, --tls and --tls-name; `options` must outlive the parsing.
void AddTlsOptions(CLI::App* app, TlsOptions* options);

}  // namespace dnc::ctl
