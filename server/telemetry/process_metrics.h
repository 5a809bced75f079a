// What the process itself uses, under the names that Prometheus's clients have agreed on.
#pragma once

#include <vector>

#include "prometheus/metric_family.h"

namespace dnc {

// Adds processor time, memory, open files and the time of the start. What the system does not tell
// is left out. Thread-safe.
void AddProcessMetrics(std::vector<prometheus::MetricFamily>* families);

}  // namespace dnc
