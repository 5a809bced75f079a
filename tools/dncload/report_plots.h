// Draws the plots of a report.
#pragma once

#include <string>

#include "tools/dncload/report.h"

namespace dnc::load {

// Plots latency by percentile, one line per run, on log scales; at most eight runs.
std::string PercentilePlot(const Report& report);

// These plot latency, rates, and processor time over the offered rate; empty with fewer than two
// runs.
std::string LatencyOverRatePlot(const Report& report);
std::string GoodputOverRatePlot(const Report& report);
std::string ProcessorOverRatePlot(const Report& report);

// These show one run over its time.
std::string LatencyOverTimePlot(const RunResult& run);
std::string RatesOverTimePlot(const RunResult& run);

}  // namespace dnc::load
