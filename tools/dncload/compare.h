// Compares two reports.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace dnc::load {

// A figure of both reports. `ratio` is b / a, or 0 if that has no meaning.
struct ComparedFigure {
  std::string run;
  std::string figure;  // "answered calls/s", "p99 µs"
  double a = 0;
  double b = 0;
  double ratio = 0;
};

struct Comparison {
  std::vector<ComparedFigure> figures;
  // Conditions that differ between the two, besides what was measured.
  std::vector<std::string> unlike;
  std::vector<std::string> warnings;  // other reasons why the ratios may mislead
};

// Compares runs of the same name. If no names match and both reports have one run, compares these.
// Leaves out the probes of a search. Fails with INVALID_ARGUMENT if a report does not have this
// schema.
absl::StatusOr<Comparison> Compare(const nlohmann::ordered_json& a,
                                   const nlohmann::ordered_json& b);

// Fails with NOT_FOUND or INVALID_ARGUMENT.
absl::StatusOr<nlohmann::ordered_json> ReadReport(const std::string& path);

void PrintComparison(const Comparison& comparison, const std::string& a, const std::string& b);

}  // namespace dnc::load
