// Describes the machine that a figure was measured on, without which the figure means nothing, and
// the processor time that client and server used there.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace dnc::load {

struct Machine {
  std::string name;  // its host name
  std::string processor;
  int cores = 0;  // cores that this program may use
  double memory_gib = 0;
  std::string kernel;
  std::string system;  // "Debian GNU/Linux 12 (bookworm)"
};

// Describes this machine. What cannot be found out is "unknown", or 0.
Machine ThisMachine();

// Returns the processor time that all threads of this process have used, in seconds.
double OwnProcessorSeconds();

// Reads the server's processor time. Not thread-safe.
class ServerProcessor {
 public:
  // If `pid` is above 0, it is the server's process on this machine. Otherwise, if `metrics`
  // (HOST:PORT) is not empty, the time is the metric process_cpu_seconds_total of that page.
  // Without either, Seconds() fails.
  ServerProcessor(int pid, std::string metrics) : pid_(pid), metrics_(std::move(metrics)) {}

  bool known() const { return pid_ > 0 || !metrics_.empty(); }

  // Returns the seconds since the server's start. NOT_FOUND says what is missing; UNAVAILABLE means
  // a page that cannot be read.
  absl::StatusOr<double> Seconds() const;

 private:
  const int pid_;
  const std::string metrics_;
};

// Returns the value of `process_cpu_seconds_total` in a page of Prometheus's text form. Public for
// tests.
absl::StatusOr<double> ProcessorSecondsOfPage(const std::string& page);

// Returns the seconds that a text of /proc/PID/stat has. Public for tests.
absl::StatusOr<double> ProcessorSecondsOfStat(const std::string& stat);

}  // namespace dnc::load
