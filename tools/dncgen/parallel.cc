#include "tools/dncgen/parallel.h"

#include <atomic>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace dnc {
namespace {

class Workers {
 public:
  Workers(size_t count, const std::function<absl::Status(size_t)>& work)
      : count_(count), work_(work) {}

  void RunOne() {
    for (size_t at = next_.fetch_add(1); at < count_; at = next_.fetch_add(1)) {
      const absl::Status status = work_(at);
      if (status.ok()) continue;
      const absl::MutexLock lock(&mutex_);
      status_.Update(status);
      next_ = count_;
    }
  }

  absl::Status status() const {
    const absl::MutexLock lock(&mutex_);
    return status_;
  }

 private:
  const size_t count_;
  const std::function<absl::Status(size_t)>& work_;
  std::atomic<size_t> next_{0};
  mutable absl::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::Status ForEachInParallel(size_t count, int threads,
                               const std::function<absl::Status(size_t)>& work) {
  Workers workers(count, work);
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([&workers] { workers.RunOne(); });
  workers.RunOne();
  for (std::thread& other : others) other.join();
  return workers.status();
}

}  // namespace dnc
