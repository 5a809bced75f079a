#include "server/base/periodic_task.h"

#include <utility>

namespace dnc {

PeriodicTask::PeriodicTask(absl::Duration interval, std::function<void()> work)
    : interval_(interval), work_(std::move(work)), thread_([this] { Run(); }) {}

PeriodicTask::~PeriodicTask() { Stop(); }

void PeriodicTask::Wake() {
  const absl::MutexLock lock(&mutex_);
  woken_ = true;
  wait_.Notify();
}

void PeriodicTask::Stop() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
    wait_.Notify();
  }
  if (thread_.joinable()) thread_.join();
}

void PeriodicTask::Run() {
  while (true) {
    {
      const absl::MutexLock lock(&mutex_);
      const auto called = [this]()
                              ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return woken_ || stopping_; };
      wait_.Await(&mutex_, interval_, called);
      if (stopping_) return;
      woken_ = false;
    }
    work_();
  }
}

}  // namespace dnc
