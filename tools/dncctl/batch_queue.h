// The batches that wait for their answers, bounded.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace dnc::ctl {

// Thread-safe.
template <typename Batch>
class BatchQueue {
 public:
  explicit BatchQueue(size_t limit) : limit_(limit) {}

  // Waits for room and takes the batch. False after Close: the batch stays as it is.
  bool Push(Batch& batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || batches_.size() < limit_; });
    if (closed_) return false;
    batches_.push_back(std::move(batch));
    changed_.notify_all();
    return true;
  }

  // Waits for a batch. Nothing after Close, when the queue is empty.
  std::optional<Batch> Pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !batches_.empty(); });
    if (batches_.empty()) return std::nullopt;
    Batch batch = std::move(batches_.front());
    batches_.pop_front();
    changed_.notify_all();
    return batch;
  }

  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  const size_t limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> batches_;  // guarded by mutex_
  bool closed_ = false;        // guarded by mutex_
};

}  // namespace dnc::ctl
