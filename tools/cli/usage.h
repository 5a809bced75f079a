// What is told of a command line that can't be understood.
#pragma once

#include <string>
#include <vector>

#include "tools/cli/cli11_names.h"

namespace dnc::cli {

// The one of `known` that `text` was meant for: a few letters are missing, too many, wrong or
// exchanged. Empty if none is near.
std::string Nearest(const std::string& text, const std::vector<std::string>& known);

// What is wrong with the line that `app` could not parse, in one line: with the nearest command or
// option, and ranges as people write them.
std::string WhyNotParsed(const CLI::App& app, const CLI::ParseError& error);

// Prints help or the version where that was asked for, and returns kExitOk; else tells on stderr
// what is wrong and how to see the help, and returns kExitUsage.
int ReportUsage(const CLI::App& app, const CLI::ParseError& error);

}  // namespace dnc::cli
