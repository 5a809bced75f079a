// What the tools say about a command line that they do not understand.
#pragma once

#include <string>
#include <vector>

#include "tools/cli/cli11_names.h"

namespace dnc::cli {

// Returns the entry of `known` that `text` was probably meant to be: a few letters are missing,
// added, wrong or swapped. Empty if none is close.
std::string Nearest(const std::string& text, const std::vector<std::string>& known);

// Returns, in one line, what is wrong with the command line that `app` could not parse, with the
// nearest command or option, and with ranges as people write them.
std::string WhyNotParsed(const CLI::App& app, const CLI::ParseError& error);

// Prints help or the version if that was asked for, and returns kExitOk. Otherwise says on stderr
// what is wrong and how to see the help, and returns kExitUsage.
int ReportUsage(const CLI::App& app, const CLI::ParseError& error);

}  // namespace dnc::cli
