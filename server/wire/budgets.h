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
  int64_t most_;
  int64_t per_second_;
  int64_t left_;
  Clock::time_point since_ = Clock::now();
};

// What one connection may spend: frames that bring nothing, and calls that it resets before their
// answer. Both come back with time and with what the peer does of use.
class PeerBudgets {
 public:
  using Clock = RefillingBudget::Clock;
  PeerBudgets(const RefillingBudget& frames, const RefillingBudget& resets)
      : frames_(frames), resets_(resets) {}

  // Each of these is false once nothing is left.
  bool SpendFrames(int64_t count, Clock::time_point now) { return frames_.Spend(count, now); }
  bool SpendReset(Clock::time_point now) { return resets_.Spend(1, now); }
  // Frames of streams that are over: some of them are expected.
  bool SpendLateFrames(int64_t count, Clock::time_point now) {
    if (now - expected_late_ > kLateFor) late_frames_ = 0;
    const int64_t expected = std::min(count, late_frames_);
    late_frames_ -= expected;
    return count == expected || SpendFrames(count - expected, now);
  }

  // Messages count, however few bytes they take.
  void EarnMessages(int64_t count) { frames_.Earn(count); }
  // The peer has taken a message: it may open a window for it, and measure its line by a ping.
  void EarnAnswer() { frames_.Earn(kFramesACall); }
  void EarnCall() {
    frames_.Earn(kFramesACall);
    resets_.Earn(1);
  }
  void EarnSent(size_t bytes) {
    sent_ += bytes;
    frames_.Earn(static_cast<int64_t>(sent_ / kBytesAFrame));
    sent_ %= kBytesAFrame;
  }
  // The server ends a stream of which the peer may have sent so many bytes more, in frames of
  // `frame` bytes or longer ones. They come soon or not at all.
  void ExpectLateBytes(size_t bytes, size_t frame, Clock::time_point now) {
    expected_late_ = now;
    late_frames_ = std::min(late_frames_ + static_cast<int64_t>(bytes / frame + 1), kMaxLateFrames);
  }

 private:
  // What comes back for an answered call, and for so many bytes that were sent.
  static constexpr int64_t kFramesACall = 4;
  static constexpr size_t kBytesAFrame = 4 << 10;
  static constexpr int64_t kMaxLateFrames = 128 << 10;
  static constexpr std::chrono::seconds kLateFor{30};

  RefillingBudget frames_;
  RefillingBudget resets_;
  int64_t late_frames_ = 0;
  Clock::time_point expected_late_{};
  size_t sent_ = 0;  // since it last counted
};

}  // namespace dnc
