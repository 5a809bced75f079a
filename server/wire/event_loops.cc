#include "server/wire/event_loops.h"

#include <algorithm>

namespace dnc {

EventLoops::EventLoops(int count, std::chrono::nanoseconds spin) {
  for (int i = 0; i < std::max(1, count); ++i) loops_.push_back(std::make_unique<Apart>(spin));
}

EventLoops::~EventLoops() { Stop(); }

void EventLoops::Start() {
  for (const auto& one : loops_) one->loop.Start();
}

void EventLoops::Stop() {
  for (const auto& one : loops_) one->loop.Stop();
}

size_t EventLoops::LeastUsed() const {
  const auto least = std::min_element(
      loops_.begin(), loops_.end(),
      [](const auto& a, const auto& b) { return a->loop.connections() < b->loop.connections(); });
  return static_cast<size_t>(least - loops_.begin());
}

}  // namespace dnc
