#include "server/base/log_line.h"

#include <string>

#include "spdlog/spdlog.h"

namespace dnc::internal {
namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

void WriteLogLine(LogLevel level, fmt::string_view format, fmt::format_args args) {
  spdlog::logger* const logger = spdlog::default_logger_raw();
  if (!logger->should_log(ToSpdlog(level))) return;
  const std::string line = fmt::vformat(format, args);
  logger->log(ToSpdlog(level), spdlog::string_view_t(line));
}

}  // namespace dnc::internal
