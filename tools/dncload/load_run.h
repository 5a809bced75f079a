// Asks a server for batches of numbers as fast as it answers, and measures.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/dncgen/base_set.h"

namespace dnc {

struct LoadRunOptions {
  std::string server;
  int batch = 1000;  // numbers a call
  int threads = 1;   // callers, each with a connection of its own and one call at a time
  double seconds = 2;
  double hit_rate = 0.48;
  uint64_t seed = 1;
};

struct LoadRunResult {
  uint64_t calls = 0;
  uint64_t numbers = 0;
  double seconds = 0;
  std::array<uint64_t, 16> verdicts{};  // numbers by dnc.v1.Verdict
  uint64_t wrong = 0;                   // listed numbers that were answered CLEAR
  std::vector<double> latencies;        // microseconds, ascending, one a call

  // The latency that `share` of the calls kept below, in microseconds.
  double Percentile(double share) const;
};

// Errors: the first that any call answered.
absl::StatusOr<LoadRunResult> RunLoad(const BaseSet& base, const LoadRunOptions& options);

}  // namespace dnc
