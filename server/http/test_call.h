// A call for the tests of handlers: keeps the answer, on whatever thread it comes.
#pragma once

#include <atomic>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/http/http_call.h"

namespace dnc {

class TestCall final : public HttpCall {
 public:
  // `loop` may be null if the handler does not use it.
  explicit TestCall(HttpRequest request, EventLoop* loop = nullptr)
      : request_(std::move(request)), loop_(loop) {}

  HttpRequest& request() override { return request_; }
  EventLoop* loop() const override { return loop_; }
  bool gone() const override { return gone_; }
  void Answer(HttpAnswer answer) override {
    const absl::MutexLock lock(&mutex_);
    if (ended_) return;
    ended_ = true;
    answer_ = std::move(answer);
  }
  void Break() override {
    const absl::MutexLock lock(&mutex_);
    ended_ = true;
  }

  void set_gone() { gone_ = true; }
  bool ended() const {
    const absl::MutexLock lock(&mutex_);
    return ended_;
  }
  // Waits for the answer; nothing if the call was broken instead.
  std::optional<HttpAnswer> Wait() {
    const absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&ended_));
    return answer_;
  }

 private:
  HttpRequest request_;
  EventLoop* const loop_;
  std::atomic<bool> gone_{false};
  mutable absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<HttpAnswer> answer_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dnc
