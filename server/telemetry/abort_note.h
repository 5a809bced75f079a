// What a person reads when a library ends the process by an assertion: Debian's RocksDB is built
// with them, and a damaged store can meet one before any error of ours.
#pragma once

#include <string_view>

namespace dnc {

// From now on SIGABRT says on the standard error stream, before the process ends as it would, that
// a store in `data_dir` may be damaged and where the remedy stands. Call once, before other threads
// run.
void InstallAbortNote(std::string_view data_dir);

}  // namespace dnc
