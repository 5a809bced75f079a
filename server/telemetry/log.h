// The log of the process: lines on the standard error stream.
#pragma once

#include <string>

namespace dnc {

// `level`: debug, info, warn, error or off. Call once, before other threads run.
void StartLog(const std::string& level);

}  // namespace dnc
