// What peers may make the server keep or do.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "server/base/sharded_count.h"

namespace dnc {

// Bytes that all connections of a server may keep together. Thread-safe.
class alignas(kApartBytes) BytePool {
 public:
  explicit BytePool(int64_t bytes) : all_(bytes), left_(bytes) {}
  // `reserve`: what must be left.
  bool TryTake(int64_t bytes, int64_t reserve) {
    int64_t left = left_.load(std::memory_order_relaxed);
    while (left >= bytes + reserve) {
      if (left_.compare_exchange_weak(left, left - bytes, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  void Give(int64_t bytes) { left_.fetch_add(bytes, std::memory_order_relaxed); }
  int64_t all() const { return all_; }
  int64_t left() const { return left_.load(std::memory_order_relaxed); }

 private:
  const int64_t all_;
  std::atomic<int64_t> left_;
};

// What a connection holds for its peer: a little of its own, and the rest from the pool for all.
class HeldBytes {
 public:
  // `longest`: of a message, for which one connection may take more than its share.
  HeldBytes(BytePool* pool, size_t longest)
      : pool_(*pool), share_(std::max(pool->all() / kShares, static_cast<int64_t>(longest))) {}
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;

  size_t bytes() const { return bytes_; }
  // Whether so many more take nothing of the pool.
  bool IsFree(size_t bytes) const { return bytes_ + bytes <= kFree + pooled_; }
  // False if there is no room. Of the pool, half is for callers who are `known`.
  bool Add(size_t bytes, bool known) {
    const size_t held = bytes_ + bytes;
    if (held > kFree + pooled_) {
      const size_t more = held - kFree - pooled_;
      // While there is room, one may have half of it.
      const int64_t most = std::max(share_, pool_.left() / 2);
      if (pooled_ + more > static_cast<size_t>(most)) return false;
      if (!pool_.TryTake(static_cast<int64_t>(more), known ? 0 : pool_.all() / 2)) return false;
      pooled_ += more;
    }
    bytes_ = held;
    return true;
  }
  void Remove(size_t bytes) {
    bytes_ -= bytes;
    const size_t needed = bytes_ > kFree ? bytes_ - kFree : 0;
    if (pooled_ > needed) {
      pool_.Give(static_cast<int64_t>(pooled_ - needed));
      pooled_ = needed;
    }
  }

 private:
  static constexpr size_t kFree = 64 << 10;
  static constexpr int64_t kShares = 16;

  BytePool& pool_;
  const int64_t share_;
  size_t bytes_ = 0;
  size_t pooled_ = 0;  // of those, from the pool
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
