#include "tools/cli/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>

namespace dnc::cli {

InputFile::InputFile(const std::string& path)
    : fd_(path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}

InputFile::~InputFile() {
  if (fd_ >= 0) close(fd_);
}

uint64_t InputFile::size() const {
  struct stat facts {};
  return fstat(fd_, &facts) == 0 && S_ISREG(facts.st_mode) ? static_cast<uint64_t>(facts.st_size)
                                                           : 0;
}

bool IsSameFile(const std::string& in, const std::string& out) {
  std::error_code error;
  return in != "-" && out != "-" && std::filesystem::is_regular_file(in, error) &&
         std::filesystem::equivalent(in, out, error);
}

void AddDelimiterOption(CLI::App* command, char* delimiter) {
  command
      ->add_option_function<std::string>(
          "--delimiter",
          [delimiter](const std::string& text) { *delimiter = text == "tab" ? '\t' : text[0]; },
          "Between fields: a character, or tab; if not given: comma, semicolon, tab or |, "
          "whichever the first line has most of")
      ->check([](const std::string& text) {
        const bool good =
            text == "tab" || (text.size() == 1 && text != "\"" && text != "\n" && text != "\r");
        return good ? std::string() : std::string("must be one character, or tab");
      })
      ->default_str(*delimiter == '\0' ? "" : std::string(1, *delimiter));
}

}  // namespace dnc::cli
