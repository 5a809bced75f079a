// Processor time that this program and the server used.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace dnc::load {

// Of this process, all threads, in seconds.
double OwnProcessorSeconds();

// Where the server's processor time can be read. Not thread-safe.
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

// Exposed for tests. The value of `process_cpu_seconds_total` in a page of Prometheus's text form.
absl::StatusOr<double> ProcessorSecondsOfPage(const std::string& page);

// The seconds that /proc/PID/stat tells, for its text.
absl::StatusOr<double> ProcessorSecondsOfStat(const std::string& stat);

}  // namespace dnc::load
