#include "server/rpc/stream_guard.h"

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
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void StreamGuard::BeginStop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

void StreamGuard::Add(GuardedStream* stream) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = streams_.empty();
    streams_.insert(stream);
  }
  if (first) wake_.notify_all();
}

void StreamGuard::Remove(GuardedStream* stream) {
  const std::lock_guard lock(mutex_);
  streams_.erase(stream);
}

void StreamGuard::Run() {
  const milliseconds look = std::clamp(longest_silence_ / 8, kShortestLook, kLongestLook);
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (streams_.empty()) {
      wake_.wait(lock, [this] { return ending_ || !streams_.empty(); });
      continue;
    }
    // Under the lock, which each stream takes before it goes: none is deleted meanwhile.
    const Clock::time_point now = Clock::now();
    for (GuardedStream* const stream : streams_) Look(stream, now);
    const bool stopping = stopping_;
    wake_.wait_for(lock, stopping ? kStopLook : look,
                   [this, stopping] { return ending_ || stopping_ != stopping; });
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

}  // namespace dnc
