// Sets up what the process writes to its standard error stream.
#pragma once

#include <string>
#include <string_view>

namespace dnc {

// Starts the log. `level` is debug, info, warn, error or off. Call once, before other threads run.
void StartLog(const std::string& level);

// Makes SIGABRT write a note before the process ends as it otherwise would. The note says that a
// store in `data_dir` may be damaged, and where the remedy is described: Debian's RocksDB is built
// with assertions, and a damaged store can trip one before we detect an error. Call once, before
// other threads run.
void InstallAbortNote(std::string_view data_dir);

}  // namespace dnc
