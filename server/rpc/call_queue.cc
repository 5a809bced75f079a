#include "server/rpc/call_queue.h"

#include <algorithm>
#include <utility>

namespace dnc {
namespace {
using SteadyClock = std::chrono::steady_clock;
// What spinning starts from again after a queue was idle.
constexpr std::chrono::nanoseconds kLeastSpin = std::chrono::microseconds(1);
}  // namespace

CallQueue::CallQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue,
                     std::chrono::microseconds spin)
    : queue_(std::move(queue)), max_spin_(spin), spin_(spin) {}

void CallQueue::Start() {
  thread_ = std::thread([this] { Run(); });
}

void CallQueue::Stop() {
  queue_->Shutdown();
  if (thread_.joinable()) {
    thread_.join();
    return;
  }
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) static_cast<QueueEvent*>(tag)->Happen(ok);
}

void CallQueue::Run() {
  void* tag = nullptr;
  bool ok = false;
  while (Next(&tag, &ok)) static_cast<QueueEvent*>(tag)->Happen(ok);
}

bool CallQueue::Next(void** tag, bool* ok) {
  const gpr_timespec now = gpr_time_0(GPR_CLOCK_MONOTONIC);
  const SteadyClock::time_point begin = SteadyClock::now();
  do {
    switch (queue_->AsyncNext(tag, ok, now)) {
      case grpc::CompletionQueue::GOT_EVENT:
        spin_ = std::min(max_spin_, std::max(spin_ * 2, kLeastSpin));
        return true;
      case grpc::CompletionQueue::SHUTDOWN:
        return false;
      case grpc::CompletionQueue::TIMEOUT:
        break;
    }
  } while (SteadyClock::now() - begin < spin_);
  spin_ /= 2;
  const bool more = queue_->Next(tag, ok);
  // An event that came soon after would have been worth a longer look.
  if (SteadyClock::now() - begin < max_spin_) {
    spin_ = std::min(max_spin_, std::max(spin_ * 4, kLeastSpin));
  }
  return more;
}

}  // namespace dnc
