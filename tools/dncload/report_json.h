// Writes a report for programs. docs/load-testing.md has every field.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "tools/dncload/report.h"

namespace dnc::load {

// The schema only grows by new fields; any other change gets a new number.
inline constexpr char kJsonSchema[] = "dncload/1";

nlohmann::ordered_json ToJson(const Report& report);

// Returns the shares at which reports give latency: 0, 0.1, ... 0.5, ... 0.99, ... 0.99999, 1,
// denser towards 1.
const std::vector<double>& ReportedShares();

}  // namespace dnc::load
