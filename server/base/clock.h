// The time of day, replaceable in tests.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace dnc {

// Never goes back while the process lives: what was too old, expired or revoked does not become
// young again because somebody set the machine's clock back. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // In whole microseconds, as times are stored: what was answered is what is read later.
  virtual absl::Time Now() const { return NotBefore(absl::GetCurrentTimeNanos() / 1000); }

 protected:
  // The moment, or one at most a second before the latest that was given, if that is later.
  absl::Time NotBefore(int64_t micros) const {
    int64_t latest = latest_.load(std::memory_order_relaxed);
    // Noted once a second, so that threads do not fight for the cache line.
    while (micros > latest + kNotedEvery) {
      if (latest_.compare_exchange_weak(latest, micros, std::memory_order_relaxed))
        return Of(micros);
    }
    return Of(micros < latest ? latest : micros);
  }

 private:
  static constexpr int64_t kNotedEvery = 1'000'000;
  static absl::Time Of(int64_t micros) { return absl::FromUnixMicros(micros); }

  mutable std::atomic<int64_t> latest_{0};
};

}  // namespace dnc
