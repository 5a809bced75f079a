#include "server/base/log_line.h"

#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <string>

#include "spdlog/sinks/ostream_sink.h"
#include "spdlog/spdlog.h"

namespace dnc {
namespace {

TEST(LogLine, HasLevelAndArgumentsAndIsLeftOutBelowTheLevel) {
  std::ostringstream out;
  const auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(out);
  const auto logger = std::make_shared<spdlog::logger>("test", sink);
  logger->set_pattern("%l %v");
  logger->set_level(spdlog::level::info);
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(logger);
  LogDebug("left out {}", 1);
  LogInfo("stopping");
  LogWarn("{} of {} areas", 2, std::string("three"));
  LogError("a brace {{}} and {}", "{}");
  spdlog::set_default_logger(before);
  EXPECT_EQ(out.str(), "info stopping\nwarning 2 of three areas\nerror a brace {} and {}\n");
}

}  // namespace
}  // namespace dnc
