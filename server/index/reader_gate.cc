#include "server/index/reader_gate.h"

#include <chrono>
#include <thread>

namespace dnc {

ReaderGate::Pass::Pass(const ReaderGate& gate) : count_(gate.Enter()) {}

std::atomic<uint64_t>& ReaderGate::Enter() const {
  std::atomic<uint64_t>& count = slots_[ThreadSlot()].readers[turn_.load()];
  count.fetch_add(1, std::memory_order_seq_cst);
  return count;
}

void ReaderGate::WaitForTurn(size_t turn) const {
  for (const Slot& slot : slots_) {
    while (slot.readers[turn].load(std::memory_order_seq_cst) != 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  }
}

// Waits for both turns, because a reader may have read the turn long before it counts itself. A
// reader that counts itself after its count was seen at zero loads the pointer even later, so it
// has the new one.
void ReaderGate::WaitForReaders() {
  for (int i = 0; i < 2; ++i) {
    const size_t before = turn_.load();
    turn_.store(1 - before);
    WaitForTurn(before);
  }
}

}  // namespace dnc
