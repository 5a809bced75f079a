#include "server/rpc/call_site.h"

#include <chrono>
#include <thread>

namespace dnc {

void LiveCalls::WaitUntilNone() const {
  while (count_.load(std::memory_order_acquire) != 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace dnc
