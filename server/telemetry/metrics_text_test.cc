#include "server/telemetry/metrics_text.h"

#include <string>

#include "gtest/gtest.h"
#include "server/telemetry/metric_family.h"

namespace dnc {
namespace {

std::vector<prometheus::MetricFamily> TestFamilies() {
  prometheus::MetricFamily counter =
      NewFamily("test_things_total", "Things.", prometheus::MetricType::Counter);
  AddCounter(&counter, {{"kind", "a"}}, 3);
  prometheus::MetricFamily histogram =
      NewFamily("test_wait_seconds", "Waits.", prometheus::MetricType::Histogram);
  prometheus::ClientMetric metric;
  metric.histogram.sample_count = 2;
  metric.histogram.sample_sum = 0.5;
  metric.histogram.bucket.push_back({1, 1e-6});
  metric.histogram.bucket.push_back({2, 1});
  histogram.metric.push_back(metric);
  return {counter, SingleGauge("test_level", "A level.", 1), histogram};
}

TEST(MetricsText, BothFormatsHaveTheSameSamples) {
  const std::string text = WriteMetrics(TestFamilies(), MetricsFormat::kText);
  const std::string open = WriteMetrics(TestFamilies(), MetricsFormat::kOpenMetrics);
  for (const char* const sample :
       {"test_things_total{kind=\"a\"} 3\n", "test_level 1\n", "test_wait_seconds_count 2\n",
        "test_wait_seconds_bucket{le=\"1e-06\"} 1\n", "test_wait_seconds_bucket{le=\"1\"} 2\n"}) {
    EXPECT_NE(text.find(sample), std::string::npos) << sample << text;
    EXPECT_NE(open.find(sample), std::string::npos) << sample << open;
  }
  EXPECT_NE(text.find("# TYPE test_things_total counter\n"), std::string::npos);
}

TEST(MetricsText, OpenMetricsNamesFamiliesAndEnds) {
  const std::string open = WriteMetrics(TestFamilies(), MetricsFormat::kOpenMetrics);
  EXPECT_NE(open.find("# TYPE test_things counter\n"), std::string::npos) << open;
  EXPECT_NE(open.find("# HELP test_things Things.\n"), std::string::npos) << open;
  EXPECT_EQ(open.find("\n\n"), std::string::npos);
  EXPECT_EQ(open.rfind("\n# EOF\n"), open.size() - 7);
  EXPECT_EQ(WriteMetrics({}, MetricsFormat::kOpenMetrics), "# EOF\n");
}

TEST(MetricsText, TheScraperChooses) {
  EXPECT_EQ(AcceptedFormat(""), MetricsFormat::kText);
  EXPECT_EQ(AcceptedFormat("*/*"), MetricsFormat::kText);
  EXPECT_EQ(AcceptedFormat("text/plain;version=0.0.4"), MetricsFormat::kText);
  EXPECT_EQ(AcceptedFormat("application/openmetrics-text"), MetricsFormat::kOpenMetrics);
  EXPECT_EQ(AcceptedFormat("application/openmetrics-text;version=1.0.0,"
                           "application/openmetrics-text;version=0.0.1;q=0.75,"
                           "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            MetricsFormat::kOpenMetrics);
  EXPECT_EQ(AcceptedFormat("application/openmetrics-text;q=0.2, text/plain;q=0.9"),
            MetricsFormat::kText);
  EXPECT_EQ(AcceptedFormat("application/openmetrics-text;q=0"), MetricsFormat::kText);
}

}  // namespace
}  // namespace dnc
