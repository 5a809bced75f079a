// Lets threads count, and own, without writing to the same cache lines: a line that several cores
// write costs each of them more than a hundred instructions every time.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace dnc {

// What several threads write stands so many bytes apart: processors fetch cache lines in pairs.
inline constexpr size_t kApartBytes = 128;

inline constexpr size_t kThreadSlots = 32;

// Returns a number below kThreadSlots for the calling thread, always the same one; with more
// threads than slots, threads share them. It is for counters that threads should not contend for.
inline size_t ThreadSlot() {
  static std::atomic<size_t> next{0};
  thread_local const size_t slot = next.fetch_add(1, std::memory_order_relaxed) % kThreadSlots;
  return slot;
}

// Counts what has begun and not ended, each on whatever thread. Thread-safe.
class ShardedCount {
 public:
  void Add() { slots_[ThreadSlot()].begun.fetch_add(1, std::memory_order_relaxed); }
  void Remove() { slots_[ThreadSlot()].ended.fetch_add(1, std::memory_order_release); }

  // Returns whether there was nothing at some moment during the call. Whatever the threads that
  // called Remove before that moment did is then visible to the caller.
  bool WasNone() const {
    // What has ended is read first, and had begun: if as many had begun as had ended, there was
    // nothing in between.
    uint64_t ended = 0;
    for (const Slot& slot : slots_) ended += slot.ended.load(std::memory_order_acquire);
    uint64_t begun = 0;
    for (const Slot& slot : slots_) begun += slot.begun.load(std::memory_order_relaxed);
    return begun == ended;
  }

 private:
  struct alignas(kApartBytes) Slot {
    std::atomic<uint64_t> begun{0};
    std::atomic<uint64_t> ended{0};
  };
  std::array<Slot, kThreadSlots> slots_;
};

// Returns a pointer to the same object with a count of owners of its own, for a thread that copies
// it often. The object lives as long as either has an owner.
template <class T>
std::shared_ptr<T> WithOwnCount(std::shared_ptr<T> pointer) {
  struct alignas(kApartBytes) Owner {
    std::shared_ptr<T> owned;
  };
  T* const raw = pointer.get();
  return std::shared_ptr<T>(std::make_shared<Owner>(Owner{std::move(pointer)}), raw);
}

}  // namespace dnc
