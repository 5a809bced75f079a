// Writes a line to the process's log, which server/telemetry/log.h starts. The rooms log by these
// functions and not by spdlog's own: a file that includes spdlog and logs takes three seconds
// longer to compile.
#pragma once

#include <fmt/core.h>

namespace dnc {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

namespace internal {
void WriteLogLine(LogLevel level, fmt::string_view format, fmt::format_args args);
}  // namespace internal

// LogWarn("{} is read-only", path). The compiler checks the format against the arguments. What they
// write must hold no full phone number. Thread-safe.
template <typename... Args>
void LogDebug(fmt::format_string<Args...> format, Args&&... args) {
  internal::WriteLogLine(LogLevel::kDebug, format, fmt::make_format_args(args...));
}
template <typename... Args>
void LogInfo(fmt::format_string<Args...> format, Args&&... args) {
  internal::WriteLogLine(LogLevel::kInfo, format, fmt::make_format_args(args...));
}
template <typename... Args>
void LogWarn(fmt::format_string<Args...> format, Args&&... args) {
  internal::WriteLogLine(LogLevel::kWarn, format, fmt::make_format_args(args...));
}
template <typename... Args>
void LogError(fmt::format_string<Args...> format, Args&&... args) {
  internal::WriteLogLine(LogLevel::kError, format, fmt::make_format_args(args...));
}

}  // namespace dnc
