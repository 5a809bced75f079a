// How the options of dncload are written on the command line.
#pragma once

#include "tools/cli/cli11_names.h"
#include "tools/dncload/options.h"

namespace dnc::load {

// Adds the options of every mode. `options` must outlive the app.
void AddCommonOptions(CLI::App* app, Options* options);
// Adds the options of the modes that offer one schedule or rates of it.
void AddScheduleOptions(CLI::App* app, Options* options);

}  // namespace dnc::load
