#include "bench/echo_queue.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"

namespace dnc {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::nanoseconds;
// What spinning starts from again after a queue was idle.
constexpr nanoseconds kLeastSpin = std::chrono::microseconds(1);
// So many events that were there at once, one after the other, are more than one thread's work.
constexpr int kManyInARow = 8;
// How long events lie at most while all threads at work are stuck.
constexpr std::chrono::milliseconds kLookInterval(20);

void Handle(void* tag, bool ok) { static_cast<EchoEvent*>(tag)->Happen(ok); }

}  // namespace

EchoQueue::EchoQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue, int threads,
                     std::chrono::microseconds spin)
    : queue_(std::move(queue)), thread_count_(threads), max_spin_(spin), spin_(spin) {}

void EchoQueue::Start() {
  threads_.emplace_back([this] { Lead(); });
  for (int i = 1; i < thread_count_; ++i) threads_.emplace_back([this] { Help(); });
}

void EchoQueue::Lead() {
  void* tag = nullptr;
  bool ok = false;
  bool waited = false;
  int in_a_row = 0;
  while (Next(&tag, &ok, &waited)) {
    in_a_row = waited ? 0 : in_a_row + 1;
    Handle(tag, ok);
    if (in_a_row < kManyInARow) continue;
    in_a_row = 0;
    CallHelper();
    if (!ServeCrowd()) return;
  }
}

bool EchoQueue::ServeCrowd() {
  const gpr_timespec now = gpr_time_0(GPR_CLOCK_MONOTONIC);
  void* tag = nullptr;
  bool ok = false;
  while (true) {
    switch (queue_->AsyncNext(&tag, &ok, now)) {
      case grpc::CompletionQueue::GOT_EVENT:
        Handle(tag, ok);
        break;
      case grpc::CompletionQueue::SHUTDOWN:
        return false;
      case grpc::CompletionQueue::TIMEOUT:
        return true;
    }
  }
}

bool EchoQueue::Next(void** tag, bool* ok, bool* waited) {
  const gpr_timespec now = gpr_time_0(GPR_CLOCK_MONOTONIC);
  SteadyClock::time_point begin;
  *waited = false;
  do {
    switch (queue_->AsyncNext(tag, ok, now)) {
      case grpc::CompletionQueue::GOT_EVENT:
        if (*waited) spin_ = std::min(max_spin_, std::max(spin_ * 2, kLeastSpin));
        return true;
      case grpc::CompletionQueue::SHUTDOWN:
        return false;
      case grpc::CompletionQueue::TIMEOUT:
        break;
    }
    if (!*waited) begin = SteadyClock::now();
    *waited = true;
  } while (SteadyClock::now() - begin < spin_);
  spin_ /= 2;
  const bool more = queue_->Next(tag, ok);
  // An event that came soon after would have been worth a longer look.
  if (SteadyClock::now() - begin < max_spin_) {
    spin_ = std::min(max_spin_, std::max(spin_ * 4, kLeastSpin));
  }
  return more;
}

void EchoQueue::Help() {
  while (ServeCrowd()) Rest();
}

void EchoQueue::Rest() {
  const absl::MutexLock lock(&mutex_);
  ++resting_;
  // The helpers look by turns: however many rest, one looks in each interval.
  const auto is_called = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return calls_ > 0; };
  wait_.Await(&mutex_, absl::FromChrono(kLookInterval * resting_), is_called);
  --resting_;
  if (calls_ > 0) --calls_;
}

void EchoQueue::CallHelper() {
  const absl::MutexLock lock(&mutex_);
  if (calls_ >= resting_) return;
  ++calls_;
  wait_.NotifyOne();
}

}  // namespace dnc
