// The time of day, replaceable in tests.
#pragma once

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace dnc {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const { return absl::Now(); }
};

}  // namespace dnc
