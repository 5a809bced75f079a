// For tests: a folder in which a store is open, as a kill at this moment would leave it.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

namespace dnc {

// Copies `from` to `to`, which is removed before. RocksDB removes files that it has merged; a copy
// that meets that is made again. Throws for any other error.
inline void CopyOpenFolder(const std::string& from, const std::string& to) {
  namespace fs = std::filesystem;
  std::error_code error;
  do {
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive, error);
  } while (error == std::errc::no_such_file_or_directory);
  if (error) throw fs::filesystem_error("copying an open store", from, to, error);
}

}  // namespace dnc
