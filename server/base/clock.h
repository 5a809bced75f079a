// The time of day, replaceable in tests.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace dnc {

// An operator has accepted a clock that lies behind what the stores know: a clock was ahead once.
// Nothing lives again by that: what was there before counts as ended, and as too old, if it was so
// at `stores_time`.
struct AcceptedClock {
  uint64_t revision = 0;    // the last one of before; 0: never
  uint64_t release_id = 0;  // the first one of after
  absl::Time stores_time = absl::InfinitePast();
  absl::Time accepted_at = absl::InfinitePast();

  // Whether what was written under `written`, and ends at `end`, stays ended whatever the time is.
  bool HadEnded(uint64_t written, absl::Time end) const {
    return written <= revision && end <= stores_time;
  }
};

// Never goes back while the process lives, and not over a restart either: what was too old, expired
// or revoked does not become young again because somebody set the machine's clock back. Where time
// is ahead of the machine's clock it goes on at nine tenths of its pace, until that has caught up.
// Thread-safe, but for what is set at the start.
class Clock {
 public:
  // So far may the machine's clock lie behind what the stores know. By more nobody knows what time
  // it is.
  static constexpr absl::Duration kMaxBehind = absl::Hours(24);
  // So much of the time may a kill forget.
  static constexpr absl::Duration kKeptWithin = absl::Seconds(90);

  virtual ~Clock() = default;
  // In whole microseconds, as times are stored: what was answered is what is read later.
  virtual absl::Time Now() const { return NotBefore(absl::GetCurrentTimeNanos() / 1000, Steady()); }

  // At the start: time begins at `moment` if the machine's clock lies behind it.
  void BeginAt(absl::Time moment) {
    if (moment > absl::UnixEpoch()) {
      const int64_t begin = absl::ToUnixMicros(moment) - Paced(Steady());
      if (begin > ahead_.load(std::memory_order_relaxed)) ahead_ = begin;
    }
    Look();
  }
  // How far the machine's clock lies behind; zero if it doesn't.
  absl::Duration lag() const {
    const absl::Time machine = absl::FromUnixMicros(absl::GetCurrentTimeNanos() / 1000);
    return std::max(absl::ZeroDuration(), Now() - machine);
  }
  // Compares the clocks anew; now and then.
  void Look() { behind_ = lag() >= kMaxBehind; }
  // Whether it lies so far behind that no answer may be CLEAR, as of the last Look.
  bool behind() const { return behind_.load(std::memory_order_relaxed); }

  // Has `keep` make moments durable, each as it is called, so that a start after a kill goes on
  // from them. From now on no moment is given that is more than kKeptWithin later than the last one
  // that was kept: what a clock that has jumped ahead tells reaches nobody before it is kept. At
  // the start, with the moment that is kept already. Who keeps it must not ask the clock.
  void KeepBy(std::function<void(absl::Time moment)> keep, absl::Time kept) {
    keep_ = std::move(keep);
    kept_ = absl::ToUnixMicros(kept);
  }
  // Keeps what time it is; now and then, more often than kKeptWithin.
  void Keep() const {
    if (keep_) KeepUpTo(absl::ToUnixMicros(Now()), absl::ZeroDuration());
  }

  // At the start.
  void SetAccepted(const AcceptedClock& accepted) { accepted_ = accepted; }
  const AcceptedClock& accepted() const { return accepted_; }
  bool HadEnded(uint64_t revision, absl::Time end) const {
    return accepted_.HadEnded(revision, end);
  }

 protected:
  // The moment by the machine's clock, or a later one if time is ahead of it; at most a second
  // before the latest that was given. `steady` are microseconds of a clock that nobody sets.
  absl::Time NotBefore(int64_t micros, int64_t steady) const {
    const int64_t paced = Paced(steady);
    int64_t ahead = ahead_.load(std::memory_order_relaxed);
    // Noted seldom, so that threads do not fight for the cache line.
    while (micros - paced > ahead + kNotedEvery) {
      KeepUpTo(micros, kKeptWithin - kUnnoted);
      if (ahead_.compare_exchange_weak(ahead, micros - paced, std::memory_order_relaxed)) {
        return absl::FromUnixMicros(micros);
      }
    }
    return absl::FromUnixMicros(std::max(micros, paced + ahead));
  }

 private:
  static constexpr int64_t kNotedEvery = 1'000'000;
  // So long takes the machine's clock to be ahead of the pace by that.
  static constexpr absl::Duration kUnnoted = absl::Seconds(10);

  // Keeps the moment if it is later than the last one that was kept by more than `within`.
  void KeepUpTo(int64_t micros, absl::Duration within) const {
    const int64_t allowed = absl::ToInt64Microseconds(within);
    if (micros - allowed <= kept_.load(std::memory_order_acquire)) return;
    const std::lock_guard lock(keeping_);
    if (micros - allowed <= kept_.load(std::memory_order_relaxed)) return;
    keep_(absl::FromUnixMicros(micros));
    kept_.store(micros, std::memory_order_release);
  }
  static int64_t Steady() {
    return absl::ToInt64Microseconds(
        absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()));
  }
  static constexpr int64_t Paced(int64_t steady) { return steady / 10 * 9; }

  mutable std::atomic<int64_t> ahead_{INT64_MIN / 2};  // of the steady clock's pace
  std::atomic<bool> behind_{false};
  AcceptedClock accepted_;
  std::function<void(absl::Time)> keep_;
  mutable std::mutex keeping_;  // held while a moment is kept
  // The last one; nobody keeps any before KeepBy.
  mutable std::atomic<int64_t> kept_{INT64_MAX};
};

}  // namespace dnc
