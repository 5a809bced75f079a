// Records how long a scope took as the latency of a method's handler.
#pragma once

#include <chrono>

#include "absl/time/time.h"
#include "server/base/metrics.h"

namespace dnc {

class CallTimer {
 public:
  CallTimer(Metrics* metrics, Method method)
      : metrics_(metrics), method_(method), begin_(std::chrono::steady_clock::now()) {}
  ~CallTimer() {
    metrics_->RecordLatency(method_, absl::FromChrono(std::chrono::steady_clock::now() - begin_));
  }
  CallTimer(const CallTimer&) = delete;
  CallTimer& operator=(const CallTimer&) = delete;

 private:
  Metrics* const metrics_;
  const Method method_;
  const std::chrono::steady_clock::time_point begin_;
};

}  // namespace dnc
