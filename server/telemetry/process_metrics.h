// Reports what the process itself uses, under the names that Prometheus's clients agree on.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "prometheus/metric_family.h"

namespace dnc {

// Sizes in bytes.
struct ProcessMemory {
  double resident = 0;
  double huge_pages = 0;  // the part of it in huge pages
};

// Returns nullopt if the system does not tell. It walks the page tables, which takes some
// milliseconds for gigabytes.
std::optional<ProcessMemory> ReadProcessMemory();

// Adds processor time, memory, open files and the start time. Leaves out what the system does not
// tell. To look at the indexes' memory takes 25 ms for each GiB in small pages, and holds up
// whoever maps some: so what was seen is told for `recent`. Thread-safe.
void AddProcessMetrics(std::vector<prometheus::MetricFamily>* families,
                       std::chrono::seconds recent = std::chrono::seconds(10));

}  // namespace dnc
