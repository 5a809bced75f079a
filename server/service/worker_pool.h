// Threads for calls that read the disk or wait, so that the threads of a front never do.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace dnc {

// Thread-safe.
class WorkerPool {
 public:
  // At most `max_waiting` jobs wait for a thread.
  WorkerPool(int threads, size_t max_waiting);
  ~WorkerPool();  // does what Stop does
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False if so many jobs wait that there is no room; the job is then dropped.
  [[nodiscard]] bool TryPost(std::function<void()> job) ABSL_LOCKS_EXCLUDED(mutex_);

  // Takes jobs whose number is bounded otherwise, and for which a refusal would break work that is
  // half done.
  void Post(std::function<void()> job) ABSL_LOCKS_EXCLUDED(mutex_);

  // Returns when all jobs have run. Nothing may be posted from then on.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_ || !jobs_.empty(); }
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  const size_t max_waiting_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> jobs_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace dnc
