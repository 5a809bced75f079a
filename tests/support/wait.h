// How tests wait: for a condition, and with a limit that only something broken reaches.
#pragma once

#include <chrono>
#include <thread>

namespace dnc {

// Everything that must end some time has so long: far more than it takes on a slow machine.
constexpr std::chrono::minutes kPatience(5);

// Checks every few milliseconds. Returns false if `condition()` was not true during all of
// kPatience.
template <typename Condition>
[[nodiscard]] bool WaitUntil(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace dnc
