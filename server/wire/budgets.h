// What peers may make the server keep or do.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "server/base/sharded_count.h"

namespace dnc {

// Bytes that all connections of a server may keep together. Thread-safe.
class alignas(kApartBytes) BytePool {
 public:
  explicit BytePool(int64_t bytes) : left_(bytes) {}
  bool TryTake(int64_t bytes) {
    if (left_.fetch_sub(bytes, std::memory_order_relaxed) >= bytes) return true;
    Give(bytes);
    return false;
  }
  void Give(int64_t bytes) { left_.fetch_add(bytes, std::memory_order_relaxed); }
  int64_t left() const { return left_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> left_;
};

// Counts what a peer spends of something that comes back with time.
class RefillingBudget {
 public:
  using Clock = std::chrono::steady_clock;
  RefillingBudget(int64_t most, int64_t per_second)
      : most_(most), per_second_(per_second), left_(most) {}

  // False once nothing is left.
  bool Spend(int64_t count, Clock::time_point now) {
    left_ -= count;
    if (left_ > 0) return true;
    const auto seconds = std::chrono::duration<double>(now - since_).count();
    since_ = now;
    // A year of quiet fills it as well as the time that it takes.
    left_ += static_cast<int64_t>(
        std::min(seconds * static_cast<double>(per_second_), static_cast<double>(most_)));
    return left_ > 0;
  }
  void Earn(int64_t count) { left_ = left_ + count > most_ ? most_ : left_ + count; }

 private:
  const int64_t most_;
  const int64_t per_second_;
  int64_t left_;
  Clock::time_point since_ = Clock::now();
};

}  // namespace dnc
