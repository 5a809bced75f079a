// Lets readers use what an atomic pointer points to without a lock, and lets the thread that
// replaced the pointer wait until nobody uses the old target.
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

#include "server/base/sharded_count.h"

namespace dnc {

// Thread-safe.
class ReaderGate {
 public:
  // Taking a pass never waits. A thread may hold several; hold one for a batch of work, not for
  // long.
  class Pass {
   public:
    explicit Pass(const ReaderGate& gate);
    ~Pass() { count_.fetch_sub(1, std::memory_order_seq_cst); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    std::atomic<uint64_t>& count_;
  };

  // Returns when all passes taken before the call are returned. Passes taken meanwhile do not delay
  // it. What the holders did happens before the return. Only one caller at a time, and not while
  // holding a pass.
  void WaitForReaders();

 private:
  // A reader counts in the turn that it saw. There are two counts, so that new readers cannot keep
  // the old count above zero forever.
  struct alignas(kApartBytes) Slot {
    std::array<std::atomic<uint64_t>, 2> readers{};
  };

  std::atomic<uint64_t>& Enter() const;
  void WaitForTurn(size_t turn) const;

  std::atomic<size_t> turn_ = 0;  // 0 or 1
  mutable std::array<Slot, kThreadSlots> slots_;
};

}  // namespace dnc
