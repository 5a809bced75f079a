// Two reports side by side.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace dnc::load {

// A figure of both reports. `ratio` is b / a, 0 if that means nothing.
struct ComparedFigure {
  std::string run;
  std::string figure;  // "answered calls/s", "p99 µs"
  double a = 0;
  double b = 0;
  double ratio = 0;
};

struct Comparison {
  std::vector<ComparedFigure> figures;
  std::vector<std::string> unlike;    // what differs between the two, beside what was measured
  std::vector<std::string> warnings;  // why the ratios may mislead otherwise
};

// Compares runs of the same name; if no names agree and both have one run, these. Probes of a
// search are left out. Errors: INVALID_ARGUMENT for what is no report of this schema.
absl::StatusOr<Comparison> Compare(const nlohmann::ordered_json& a,
                                   const nlohmann::ordered_json& b);

// Errors: NOT_FOUND, INVALID_ARGUMENT.
absl::StatusOr<nlohmann::ordered_json> ReadReport(const std::string& path);

void PrintComparison(const Comparison& comparison, const std::string& a, const std::string& b);

}  // namespace dnc::load
