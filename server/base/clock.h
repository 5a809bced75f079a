// The time of day, replaceable in tests.
#pragma once

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace dnc {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // In whole microseconds, as times are stored: what was answered is what is read later.
  virtual absl::Time Now() const {
    return absl::FromUnixMicros(absl::GetCurrentTimeNanos() / 1000);
  }
};

}  // namespace dnc
