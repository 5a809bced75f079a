// Runs work on several threads.
#pragma once

#include <cstddef>
#include <functional>

#include "absl/status/status.h"

namespace dnc {

// Calls `work`, which must be thread-safe, with each of 0 to `count` - 1. The calls begin in this
// order, on `threads` threads, the first of which is the calling one. After an error no further
// call begins. Returns one of the errors when all calls have ended.
absl::Status ForEachInParallel(size_t count, int threads,
                               const std::function<absl::Status(size_t)>& work);

}  // namespace dnc
