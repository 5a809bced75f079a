#include "tools/dncload/measurements.h"

#include <algorithm>

namespace dnc::load {

void CallCounts::Merge(const CallCounts& other) {
  scheduled += other.scheduled;
  answered += other.answered;
  refused += other.refused;
  timed_out += other.timed_out;
  failed += other.failed;
  unsent += other.unsent;
  held += other.held;
}

void Interval::Merge(const Interval& other) {
  scheduled += other.scheduled;
  latency.Merge(other.latency);
  arrived += other.arrived;
  good += other.good;
  refused += other.refused;
  failed += other.failed;
}

void Measurements::CountError(const std::string& kind, const std::string& message, uint64_t count) {
  const bool known = errors.contains(kind) || errors.size() < kMaxErrorKinds;
  ErrorCount& error = errors[known ? kind : "other"];
  error.count += count;
  if (error.example.empty()) error.example = message;
}

void Measurements::Merge(const Measurements& other) {
  calls.Merge(other.calls);
  answers.Merge(other.answers);
  latency.Merge(other.latency);
  refusal.Merge(other.refusal);
  lateness.Merge(other.lateness);
  arrived += other.arrived;
  arrived_good += other.arrived_good;
  arrived_numbers += other.arrived_numbers;
  peak_in_flight += other.peak_in_flight;
  idle_ns += other.idle_ns;
  total_ns += other.total_ns;
  for (const auto& [kind, error] : other.errors) CountError(kind, error.example, error.count);
  series.resize(std::max(series.size(), other.series.size()));
  for (size_t i = 0; i < other.series.size(); ++i) series[i].Merge(other.series[i]);
}

}  // namespace dnc::load
