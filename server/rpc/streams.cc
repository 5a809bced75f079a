#include "server/rpc/streams.h"

#include <algorithm>
#include <string>

#include "grpc/grpc.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/rpc/error_status.h"

namespace dnc {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShortestLook(10);
constexpr milliseconds kLongestLook(1'000);
// While the server stops, streams come back to wait for their callers at any time. Who is still at
// work sends on within this time.
constexpr milliseconds kStopLook(10);
constexpr milliseconds kStopSilence(250);

absl::Status Silent(absl::Duration silence) {
  return Error(
      reason::kStreamSilent,
      StrCat("the caller neither sent nor read anything for ", absl::FormatDuration(silence),
             " (limits.silent_stream_seconds), and its place is given to others; begin again"));
}

}  // namespace

GuardedStream::~GuardedStream() {
  if (call_ == nullptr) return;
  guard_->Remove(this);
  grpc_call_unref(call_);
}

void GuardedStream::Watch(grpc::ServerContext* context) {
  call_ = context->c_call();
  grpc_call_ref(call_);
  guard_->Add(this);
}

void GuardedStream::BeginRead() {
  events_left_.fetch_add(1, std::memory_order_relaxed);
  Begin(Turn::kCallerSends);
}

void GuardedStream::Begin(Turn turn) {
  since_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  turn_.store(turn, std::memory_order_release);
}

bool GuardedStream::EndWait() {
  Turn turn = turn_.load(std::memory_order_acquire);
  if (turn == Turn::kTaken ||
      !turn_.compare_exchange_strong(turn, Turn::kServer, std::memory_order_acq_rel)) {
    return false;
  }
  // The read is over, and the stream's Finish is still to come.
  if (turn == Turn::kCallerSends) events_left_.fetch_sub(1, std::memory_order_relaxed);
  return true;
}

bool GuardedStream::Take(Turn from) {
  return turn_.compare_exchange_strong(from, Turn::kTaken, std::memory_order_acq_rel);
}

StreamGuard::StreamGuard(absl::Duration longest_silence, const StopLine* stop)
    : longest_silence_(absl::ToInt64Milliseconds(longest_silence)),
      silent_(Silent(longest_silence)),
      stopped_(Stopping()),
      stop_(stop),
      thread_([this] { Run(); }) {}

StreamGuard::~StreamGuard() {
  {
    const absl::MutexLock lock(&mutex_);
    ending_ = true;
    wait_.Notify();
  }
  thread_.join();
}

void StreamGuard::BeginStop() {
  const absl::MutexLock lock(&mutex_);
  stopping_ = true;
  wait_.Notify();
}

void StreamGuard::Add(GuardedStream* stream) {
  const absl::MutexLock lock(&mutex_);
  streams_.insert(stream);
}

void StreamGuard::Remove(GuardedStream* stream) {
  const absl::MutexLock lock(&mutex_);
  streams_.erase(stream);
}

void StreamGuard::Run() {
  const milliseconds look = std::clamp(longest_silence_ / 8, kShortestLook, kLongestLook);
  // While there is no stream the thread sleeps without end.
  const auto has_work = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return ending_ || !streams_.empty();
  };
  const absl::MutexLock lock(&mutex_);
  while (true) {
    mutex_.Await(absl::Condition(&has_work));
    if (ending_) return;
    // Each stream takes the lock before it goes, so none is deleted meanwhile.
    const Clock::time_point now = Clock::now();
    for (GuardedStream* const stream : streams_) Look(stream, now);
    const bool stopping = stopping_;
    const auto is_called = [this, stopping]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return ending_ || stopping_ != stopping;
    };
    wait_.Await(&mutex_, absl::FromChrono(stopping ? kStopLook : look), is_called);
  }
}

void StreamGuard::Look(GuardedStream* stream, Clock::time_point now) {
  using Turn = GuardedStream::Turn;
  const Turn turn = stream->turn_.load(std::memory_order_acquire);
  if (turn != Turn::kCallerSends && turn != Turn::kCallerReads) return;
  const Clock::time_point since{Clock::duration(stream->since_.load(std::memory_order_relaxed))};
  const bool late = stopping_ && stop_->late();
  const bool silent =
      stream->silence_ == GuardedStream::Silence::kEnds && now - since >= longest_silence_;
  if (turn == Turn::kCallerSends) {
    const bool stop = late || (stopping_ && now - since >= kStopSilence);
    if ((silent || stop) && stream->Take(turn)) stream->EndRead(silent ? silent_ : stopped_);
  } else if (silent || late) {
    EndWrite(stream, silent ? silent_ : stopped_);
  }
}

void StreamGuard::EndWrite(GuardedStream* stream, const absl::Status& status) {
  stream->why_ = status;
  if (!stream->Take(GuardedStream::Turn::kCallerReads)) return;
  // A Finish would wait behind what the caller does not read. This goes before it, and has no room
  // for the details: the reason stands in the message.
  const std::string message = StrCat(ErrorReason(status), ": ", ToStd(status.message()));
  grpc_call_cancel_with_status(stream->call_, static_cast<grpc_status_code>(status.code()),
                               message.c_str(), nullptr);
}

WokenStream::WokenStream(const RpcContext& rpc, Topic topic, Method method, LookOn look_on,
                         Silence silence)
    : Call(rpc),
      GuardedStream(rpc.guard, 2, silence),
      Sleeper(topic),
      method_(method),
      look_on_(look_on) {
  context_.AsyncNotifyWhenDone(on_done_.tag());
}

void WokenStream::OnStart(bool ok) {
  if (!ok) {  // the server stops; OnDone never comes
    delete this;
    return;
  }
  ArmNext();
  if (const absl::Status begun = Begin(); !begun.ok()) {
    Finish(begun);
    return;
  }
  Watch(&context_);
  if (!TryLook()) Finish(TooManyCallsWait());
}

bool WokenStream::TryLook() {
  if (look_on_ == LookOn::kWorker) return rpc().workers->TryPost([this] { LookNow(); });
  LookNow();
  return true;
}

void WokenStream::LookNow() {
  if (gone_.load(std::memory_order_relaxed)) {
    Finish(CallerGone());
    return;
  }
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
  if (gone_.load(std::memory_order_relaxed)) {
    Finish(CallerGone());
    return;
  }
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

void WokenStream::OnWrite(bool ok) {
  if (!EndWait()) {
    Finish(why());
  } else if (!ok) {
    Finish(CallerGone());
  } else {
    OnWritten();
  }
}

void WokenStream::Finish(const absl::Status& status) {
  rpc().metrics->CountCall(method_, status.code());
  FinishStream(ToGrpcStatus(status), on_finish_.tag());
}

void WokenStream::OnFinish(bool /*ok*/) {
  if (LastEvent()) delete this;
}

void WokenStream::OnDone(bool /*ok*/) {
  gone_.store(true, std::memory_order_relaxed);
  // Whoever else has the turn comes to see it.
  if (rpc().waker->End(this)) Finish(CallerGone());
  if (LastEvent()) delete this;
}

}  // namespace dnc
