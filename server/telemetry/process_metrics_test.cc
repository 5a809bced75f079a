#include "server/telemetry/process_metrics.h"

#include <cstdio>
#include <cstring>
#include <ctime>
#include <map>
#include <string>

#include "gtest/gtest.h"
#include "server/index/page_pool.h"

namespace dnc {
namespace {

std::map<std::string, double> Values() {
  std::vector<prometheus::MetricFamily> families;
  AddProcessMetrics(&families, /*recent=*/std::chrono::seconds(0));
  std::map<std::string, double> values;
  for (const prometheus::MetricFamily& family : families) {
    const prometheus::ClientMetric& metric = family.metric.at(0);
    const bool counter = family.type == prometheus::MetricType::Counter;
    values[family.name] = counter ? metric.counter.value : metric.gauge.value;
  }
  return values;
}

TEST(ProcessMetricsTest, TellsOfThisProcess) {
  const auto values = Values();
  ASSERT_EQ(values.size(), 8U);
  EXPECT_GT(values.at("process_resident_memory_bytes"), 1e6);
  EXPECT_LT(values.at("process_resident_memory_bytes"), 1e11);
  EXPECT_LE(values.at("dnc_huge_page_bytes"), values.at("process_resident_memory_bytes"));
  EXPECT_LE(values.at("dnc_index_huge_page_bytes"), values.at("dnc_index_memory_bytes"));
  EXPECT_LE(values.at("dnc_index_memory_bytes"), values.at("process_resident_memory_bytes"));
  const auto now = static_cast<double>(std::time(nullptr));
  // Another test of this program may have begun some time ago.
  EXPECT_GT(values.at("process_start_time_seconds"), now - 3600);
  EXPECT_LE(values.at("process_start_time_seconds"), now + 2);
  EXPECT_GE(values.at("process_open_fds"), 3);
  EXPECT_GT(values.at("process_max_fds"), values.at("process_open_fds"));
}

TEST(ProcessMetricsTest, FollowsWhatTheProcessDoes) {
  const auto before = Values();
  const std::clock_t begin = std::clock();
  while (std::clock() - begin < CLOCKS_PER_SEC / 20) {
  }
  std::FILE* const file = std::fopen("/dev/null", "r");
  ASSERT_NE(file, nullptr);
  const auto after = Values();
  std::fclose(file);
  EXPECT_GE(after.at("process_cpu_seconds_total"), before.at("process_cpu_seconds_total") + 0.04);
  EXPECT_EQ(after.at("process_open_fds"), before.at("process_open_fds") + 1);
  EXPECT_EQ(after.at("process_start_time_seconds"), before.at("process_start_time_seconds"));
}

TEST(ProcessMetricsTest, FollowsTheMemoryOfTheIndexes) {
  constexpr size_t kBytes = 8 * kHugePage;
  const auto before = Values();
  uint8_t* const memory = PagePool::Instance().Take(kBytes);
  std::memset(memory, 1, kBytes);
  const auto during = Values();
  PagePool::Instance().Give(memory, kBytes);
  EXPECT_GE(during.at("dnc_index_memory_bytes"),
            before.at("dnc_index_memory_bytes") + static_cast<double>(kBytes) - 2 * kHugePage);
  EXPECT_LT(Values().at("dnc_index_memory_bytes"), during.at("dnc_index_memory_bytes"));
}

}  // namespace
}  // namespace dnc
