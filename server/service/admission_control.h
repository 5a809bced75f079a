// Bounds how long an admitted scrub waits for its turn, and how much may wait at the same time, so
// that what is admitted is answered soon and the rest learns at once that it is not.
//
//   if (!gate->TryEnter(cost, loop)) ...refuse...
//   ...answer...
//   gate->Leave(cost, loop);
//
// Each loop is judged by itself, by what waits for it and its pace (WorkMeter): loops write to no
// common cache line. Only the call's arrival is judged. Who was admitted is answered, however long
// it took: to refuse then would throw away the time that was waited.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "server/wire/event_loop.h"

namespace dnc {

struct AdmissionLimits {
  // What may be under way at the same time, for each loop: this bounds bursts and memory.
  int64_t numbers_under_way = 500'000;
  // How long a call may have to wait for those before it, once the loop is steadily busy: a burst
  // is admitted, so that nobody is refused because the machine had stopped the loop for a while.
  std::chrono::nanoseconds max_wait = std::chrono::milliseconds(3);
};

// Thread-safe.
class AdmissionControl {
 public:
  // Admits calls within the limits, and a single call whatever it costs.
  explicit AdmissionControl(const AdmissionLimits& limits) : limits_(limits) {}

  // What a request of `bytes` counts, which is known before any of it is read: a number for each
  // five bytes, as in the shortest form, and never less than what else a call costs.
  // Long requests count no more than half of the limit: else they would find room only where
  // nothing else waits.
  int64_t CostOf(size_t bytes) const {
    constexpr size_t kBytesANumber = 5;
    constexpr int64_t kCallCost = 250;
    const auto numbers = static_cast<int64_t>(bytes / kBytesANumber);
    return std::max(kCallCost, std::min(numbers, limits_.numbers_under_way / 2));
  }

  // Whether a call of this cost is admitted, which is to wait for its turn on `loop`. Call it, and
  // Leave, on the loop's thread.
  bool TryEnter(int64_t cost, EventLoop* loop) const {
    WorkMeter& work = loop->work();
    const int64_t waiting = work.waiting();
    if (waiting == 0 || (waiting + cost <= limits_.numbers_under_way &&
                         (!work.SteadilyBusy() || work.Wait() <= limits_.max_wait))) {
      work.Add(cost);
      return true;
    }
    work.NoteRefused(cost);
    return false;
  }
  static void Leave(int64_t cost, EventLoop* loop) { loop->work().Remove(cost); }
  // The same for a call that goes on elsewhere: its work is not done on the loop.
  static void MoveAway(int64_t cost, EventLoop* loop) { loop->work().MoveAway(cost); }
  // The same for a call that has moved away from another loop to this one, where it Leaves.
  static void MoveHere(int64_t cost, EventLoop* loop) { loop->work().MoveHere(cost); }

 private:
  const AdmissionLimits limits_;
};

}  // namespace dnc
