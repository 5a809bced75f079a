#include "tools/dncctl/watchdog.h"

#include <chrono>

#include "absl/time/clock.h"

namespace dnc::ctl {

Watchdog::Watchdog(grpc::ClientContext* context, absl::Duration limit)
    : context_(context), limit_(limit), thread_([this] { Run(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopping_changed_.notify_one();
  thread_.join();
}

void Watchdog::BeginWait() {
  const std::lock_guard lock(mutex_);
  waiting_since_ = absl::Now();
}

void Watchdog::EndWait() {
  const std::lock_guard lock(mutex_);
  waiting_since_ = absl::InfiniteFuture();
}

bool Watchdog::fired() const {
  const std::lock_guard lock(mutex_);
  return fired_;
}

void Watchdog::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_ && !fired_) {
    stopping_changed_.wait_for(lock, std::chrono::milliseconds(50));
    if (absl::Now() - waiting_since_ > limit_) {
      fired_ = true;
      context_->TryCancel();
    }
  }
}

}  // namespace dnc::ctl
