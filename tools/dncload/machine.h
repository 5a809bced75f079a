// The machine that a figure was measured on, without which the figure says nothing, and the
// processor time that client and server used there.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace dnc::load {

struct Machine {
  std::string name;  // its host name
  std::string processor;
  int cores = 0;  // that this program may use
  double memory_gib = 0;
  std::string kernel;
  std::string system;  // "Debian GNU/Linux 12 (bookworm)"
};

// What cannot be found out is "unknown", or 0.
Machine ThisMachine();

// The processor time that all threads of this process have used, in seconds.
double OwnProcessorSeconds();

// Knows where the server's processor time can be read. Not thread-safe.
class ServerProcessor {
 public:
  // `pid` > 0: of that process on this machine. Else `metrics` (HOST:PORT) not empty: from the
  // metric process_cpu_seconds_total of that page. Else nowhere: Seconds() fails.
  ServerProcessor(int pid, std::string metrics) : pid_(pid), metrics_(std::move(metrics)) {}

  bool known() const { return pid_ > 0 || !metrics_.empty(); }

  // Since the server's start. Errors: NOT_FOUND tells what is missing, UNAVAILABLE a page that
  // can't be read.
  absl::StatusOr<double> Seconds() const;

 private:
  const int pid_;
  const std::string metrics_;
};

// Exposed for tests: returns the value of `process_cpu_seconds_total` in a page of Prometheus's
// text form.
absl::StatusOr<double> ProcessorSecondsOfPage(const std::string& page);

// The seconds that /proc/PID/stat tells, for its text.
absl::StatusOr<double> ProcessorSecondsOfStat(const std::string& stat);

}  // namespace dnc::load
