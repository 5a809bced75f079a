// Helps tests to change the files of stores.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace dnc {

// Copies `from`, in which a store is open, to `to`, which is removed before. The copy is what a
// kill at this moment would leave. RocksDB removes files that it has merged; a copy that runs into
// that is made again. Throws for any other error.
inline void CopyOpenFolder(const std::string& from, const std::string& to) {
  namespace fs = std::filesystem;
  std::error_code error;
  do {
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive, error);
  } while (error == std::errc::no_such_file_or_directory);
  if (error) throw fs::filesystem_error("copying an open store", from, to, error);
}

// Flips bit `bit` (0 to 7) of the byte at `at`.
inline void FlipBit(const std::string& path, std::streamoff at, unsigned bit) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(at);
  const auto old = static_cast<unsigned>(file.get());
  file.seekp(at);
  file.put(static_cast<char>(old ^ (1U << bit)));
}

}  // namespace dnc
