// Writes metrics as scrapers read them: in Prometheus's text format, or in OpenMetrics.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "prometheus/metric_family.h"

namespace dnc {

enum class MetricsFormat : uint8_t { kText, kOpenMetrics };

// What a scraper with this `Accept` header would rather have.
MetricsFormat AcceptedFormat(std::string_view accept);
// The Content-Type of a page in this format.
std::string_view MetricsContentType(MetricsFormat format);
// Both formats write a value, and a bucket's bound, in the same way.
std::string WriteMetrics(const std::vector<prometheus::MetricFamily>& families,
                         MetricsFormat format);

}  // namespace dnc
