// Those who want to be told that something has happened. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace dnc {

class Listeners {
 public:
  // From now on each Tell calls `listener`, on the thread that tells and one call at a time. The
  // listener must be quick and must not add or remove listeners. Returns what Remove takes.
  int Add(std::function<void()> listener) ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    listeners_.emplace(++last_id_, std::move(listener));
    return last_id_;
  }
  // When this has returned, the listener is not called any more.
  void Remove(int id) ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    listeners_.erase(id);
  }

  void Tell() const ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    for (const auto& [id, listener] : listeners_) listener();
  }

 private:
  mutable absl::Mutex mutex_;
  int last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int, std::function<void()>> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dnc
