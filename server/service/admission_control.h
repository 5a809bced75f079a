// Bounds how much scrubbing may wait at the same time, so that what is admitted is answered soon
// and the rest learns at once that it is not.
//
//   if (!gate->TryEnter(cost)) ...refuse...
//   ...answer...
//   gate->Leave(cost);
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace dnc {

// Thread-safe.
class AdmissionControl {
 public:
  // Admits calls as long as their costs together are at most `limit`, and a single call whatever it
  // costs.
  explicit AdmissionControl(int64_t limit) : limit_(limit) {}

  // What a request of `bytes` counts, which is known before any of it is read: a number for each
  // five bytes, as in the shortest form, and never less than what else a call costs.
  static int64_t CostOf(size_t bytes) {
    constexpr size_t kBytesANumber = 5;
    constexpr size_t kCallCost = 250;
    return static_cast<int64_t>(std::max(kCallCost, bytes / kBytesANumber));
  }

  bool TryEnter(int64_t cost) {
    const int64_t before = under_way_.fetch_add(cost, std::memory_order_relaxed);
    if (before == 0 || before + cost <= limit_) return true;
    Leave(cost);
    return false;
  }
  void Leave(int64_t cost) { under_way_.fetch_sub(cost, std::memory_order_relaxed); }

 private:
  const int64_t limit_;
  std::atomic<int64_t> under_way_{0};
};

}  // namespace dnc
