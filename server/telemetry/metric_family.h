// Makes metric families. Prometheus calls a metric with all its labels a family.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "prometheus/metric_family.h"

namespace dnc {

using MetricLabels = std::vector<prometheus::ClientMetric::Label>;

prometheus::MetricFamily NewFamily(std::string name, std::string help, prometheus::MetricType type);

void AddCounter(prometheus::MetricFamily* family, MetricLabels labels, double value);
void AddGauge(prometheus::MetricFamily* family, MetricLabels labels, double value);

// Make families of a single value without labels.
prometheus::MetricFamily SingleCounter(std::string name, std::string help, double value);
prometheus::MetricFamily SingleGauge(std::string name, std::string help, double value);

}  // namespace dnc
