// What the process itself uses, under the names that Prometheus's clients have agreed on.
#pragma once

#include <optional>
#include <vector>

#include "prometheus/metric_family.h"

namespace dnc {

// Bytes.
struct ProcessMemory {
  double resident = 0;
  double huge_pages = 0;  // of these, in huge pages
};

// Empty if the system does not tell. Walks the page tables: some milliseconds for gigabytes.
std::optional<ProcessMemory> ReadProcessMemory();

// Adds processor time, memory, open files and the time of the start. What the system does not tell
// is left out. Thread-safe.
void AddProcessMetrics(std::vector<prometheus::MetricFamily>* families);

}  // namespace dnc
