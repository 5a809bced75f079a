// A CSV file that a command reads.
#pragma once

#include <cstdint>
#include <string>

#include "tools/cli/cli11_names.h"

namespace dnc::cli {

// Is open for reading, and closed at the end; "-" is stdin.
class InputFile {
 public:
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // Negative if the file could not be opened; errno says why.
  int fd() const { return fd_; }
  // Returns 0 if the size is unknown.
  uint64_t size() const;

 private:
  const int fd_;
};

// Returns whether an output of this name would overwrite the input.
bool IsSameFile(const std::string& in, const std::string& out);

// Adds --delimiter, a character or tab. If it is not given, `delimiter` stays
// CsvReader::kFindDelimiter.
void AddDelimiterOption(CLI::App* command, char* delimiter);

}  // namespace dnc::cli
