// Threads for calls that read the disk or wait, so that the queue threads never do.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dnc {

// Thread-safe.
class WorkerPool {
 public:
  // At most `max_waiting` jobs wait for a thread.
  WorkerPool(int threads, size_t max_waiting);
  ~WorkerPool();  // as Stop
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False if the queue is full; the job is then dropped.
  [[nodiscard]] bool TryPost(std::function<void()> job);

  // For jobs whose number is bounded otherwise, and for which refusal would break work half done.
  void Post(std::function<void()> job);

  // Ends when all jobs have run. Nothing may be posted from then on.
  void Stop();

 private:
  void Run();

  const size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;  // guarded by mutex_
  bool stopping_ = false;                   // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace dnc
