// Does independent pieces of work side by side, on threads that live no longer than the call.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"

namespace dnc {

// Calls fn(i) for each i < count, on at most `threads` threads, of which the caller's is one, and
// returns when all calls have returned. They begin in the order of i.
inline void ForEachParallel(size_t count, int threads, absl::FunctionRef<void(size_t i)> fn) {
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) fn(i);
  };
  std::vector<std::thread> helpers;
  for (int t = 1; t < threads && static_cast<size_t>(t) < count; ++t) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
}

}  // namespace dnc
