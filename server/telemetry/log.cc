#include "server/telemetry/log.h"

#include <unistd.h>

#include <csignal>

#include "server/base/str_cat.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace dnc {
namespace {

// The note is made before the signal comes, because a handler can do little more than write.
std::string& Note() {
  static std::string note;
  return note;
}

void TellAndEnd(int signal) {
  // Nothing else can be done if even this write fails.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, Note().data(), Note().size());
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

void StartLog(const std::string& level) {
  auto logger = spdlog::stderr_logger_mt("dncd");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(logger);
}

void InstallAbortNote(std::string_view data_dir) {
  Note() = StrCat(
      "dncd: ended by an assertion; the line before this one tells which. If it is RocksDB's, a "
      "store in ",
      data_dir,
      " is damaged: docs/operations.md, `The server does not start`, has the remedy. No answer was "
      "given from what is damaged.\n");
  std::signal(SIGABRT, &TellAndEnd);
}

}  // namespace dnc
