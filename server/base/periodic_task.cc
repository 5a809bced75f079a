#include "server/base/periodic_task.h"

#include <utility>

namespace dnc {

PeriodicTask::PeriodicTask(absl::Duration interval, std::function<void()> work)
    : interval_(interval), work_(std::move(work)), thread_([this] { Run(); }) {}

PeriodicTask::~PeriodicTask() { Stop(); }

void PeriodicTask::Wake() {
  const absl::MutexLock lock(&mutex_);
  woken_ = true;
}

void PeriodicTask::Stop() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void PeriodicTask::Run() {
  while (true) {
    {
      const absl::MutexLock lock(&mutex_);
      const auto called = [this]()
                              ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return woken_ || stopping_; };
      mutex_.AwaitWithTimeout(absl::Condition(&called), interval_);
      if (stopping_) return;
      woken_ = false;
    }
    work_();
  }
}

}  // namespace dnc
