#include "tools/dncload/heartbeat.h"

#include <sys/prctl.h>

#include <chrono>

namespace dnc::load {

const Histogram& Heartbeat::Stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  return late_;
}

void Heartbeat::Run() {
  constexpr std::chrono::milliseconds kBeat(1);
  prctl(PR_SET_TIMERSLACK, 1);
  auto due = std::chrono::steady_clock::now() + kBeat;
  while (!stopping_) {
    std::this_thread::sleep_until(due);
    const auto now = std::chrono::steady_clock::now();
    if (counting_) late_.Record(static_cast<uint64_t>((now - due).count()));
    due = now + kBeat;
  }
}

}  // namespace dnc::load
