// What the process says on its standard error stream.
#pragma once

#include <string>
#include <string_view>

namespace dnc {

// Starts the log. `level`: debug, info, warn, error or off. Call once, before other threads run.
void StartLog(const std::string& level);

// Has SIGABRT say, before the process ends as it would, that a store in `data_dir` may be damaged
// and where the remedy stands: Debian's RocksDB is built with assertions, and a damaged store can
// meet one before any error of ours. Call once, before other threads run.
void InstallAbortNote(std::string_view data_dir);

}  // namespace dnc
