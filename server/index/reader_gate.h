// Lets readers use what an atomic pointer points to without a lock, and lets the one that replaced
// the pointer wait until nobody uses what it pointed to before.
//
//   reader:  ReaderGate::Pass pass(gate);
//            const Thing* thing = pointer.load();     // seq_cst; valid while `pass` lives
//   writer:  const Thing* old = pointer.exchange(next);   // seq_cst
//            gate.WaitForReaders();
//            delete old;
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace dnc {

inline constexpr size_t kThreadSlots = 32;

// A number below kThreadSlots for the calling thread, always the same; threads share them once
// there are more. For counters that threads should not fight for.
size_t ThreadSlot();

// Thread-safe.
class ReaderGate {
 public:
  // Never waits. May be held together with others; for a batch of work, not for long.
  class Pass {
   public:
    explicit Pass(const ReaderGate& gate);
    ~Pass() { count_.fetch_sub(1, std::memory_order_seq_cst); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    std::atomic<uint64_t>& count_;
  };

  // Returns when all passes taken before the call are given back. Passes taken meanwhile don't
  // hold it up. What their holders did happens before the return. One caller at a time; not while
  // holding a pass.
  void WaitForReaders();

 private:
  // A reader counts in the turn that it saw. Two counts, so that new readers can't keep the old
  // count above zero for ever.
  struct alignas(64) Slot {
    std::array<std::atomic<uint64_t>, 2> readers{};
  };

  std::atomic<uint64_t>& Enter() const;
  void WaitForTurn(size_t turn) const;

  std::atomic<size_t> turn_ = 0;  // 0 or 1
  mutable std::array<Slot, kThreadSlots> slots_;
};

}  // namespace dnc
