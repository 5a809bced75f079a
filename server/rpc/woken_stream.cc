#include "server/rpc/woken_stream.h"

#include <algorithm>

#include "server/service/request_errors.h"

namespace dnc {

void WokenStream::OnRequest() {
  if (const absl::Status begun = Begin(); !begun.ok()) {
    Finish(begun);
    return;
  }
  call().WatchDeadline();
  if (!TryLook()) Finish(TooManyCallsWait());
}

bool WokenStream::TryLook() {
  if (look_on_ == LookOn::kWorker) {
    return rpc().workers->TryPost([self = Self(this)] { self->LookNow(); });
  }
  LookNow();
  return true;
}

void WokenStream::LookNow() {
  if (gone()) return;
  // The ticket is drawn before the look: what comes meanwhile must not be slept through.
  ticket_ = rpc().waker->Ticket(topic());
  Look();
}

void WokenStream::LookSoon() {
  if (TryLook()) return;
  // All workers are busy; a later look tells as much.
  ticket_ = rpc().waker->Ticket(topic());
  SleepUntil(Waker::Clock::now() + Waker::kStep);
}

void WokenStream::SleepUntil(Waker::Clock::time_point due) {
  asleep_ = shared_from_this();
  if (!rpc().waker->Sleep(this, ticket_, due)) Wake();
}

Waker::Clock::time_point WokenStream::EndOfKey(absl::Time expires_at) const {
  if (expires_at == absl::InfiniteFuture()) return Waker::kNever;
  // The time of day may be set meanwhile, so a look comes each hour at least.
  const absl::Duration left =
      std::min(expires_at - rpc().clock->Now(), absl::Duration(absl::Hours(1)));
  return Waker::Clock::now() + absl::ToChronoNanoseconds(left);
}

void WokenStream::Wake() {
  const std::shared_ptr<ServedCall> self = std::move(asleep_);
  if (gone()) return;
  ticket_ = rpc().waker->Ticket(topic());
  Woken();
}

void WokenStream::Woken() {
  if (rpc().stop->stopping()) {
    Finish(Stopping());
  } else {
    LookSoon();
  }
}

void WokenStream::OnGone() {
  // Whoever else has the turn comes to see it.
  if (rpc().waker->End(this)) asleep_.reset();
}

}  // namespace dnc
