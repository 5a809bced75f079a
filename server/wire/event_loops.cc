#include "server/wire/event_loops.h"

#include <algorithm>
#include <utility>

namespace dnc {

EventLoops::EventLoops(int count, std::chrono::nanoseconds spin) {
  for (int i = 0; i < std::max(1, count); ++i) loops_.push_back(std::make_unique<Apart>(spin));
  for (size_t i = 0; i < size(); ++i) {
    // Each looks first at the one behind it, so that not all give to the same.
    std::vector<EventLoop*> others;
    for (size_t j = 1; j < size(); ++j) others.push_back(at((i + j) % size()));
    at(i)->ShareWith(std::move(others));
  }
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
