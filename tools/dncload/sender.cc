// A sender is one thread without a lock. It sends what is due, and then looks for answers until the
// next call is due. If there is enough time, it sleeps in between.
//
//   start          warm_up_                              end_     + grace
//     |---------------|------------------------------------|---------|
//   intended    x   x    x  x      x      x  x   x             the schedule, made beforehand
//   sent        s   s    s  s         s   s  s                 lateness = sent - intended
//   answered      a   a    a  a           a   a  a             latency = answered - intended
//
// Latency counts from the intended time, so a server that stands still cannot hide the calls that
// were due meanwhile. A call that was due and never sent has waited at least until the end.
#include "tools/dncload/sender.h"

#include <sched.h>
#include <time.h>

#include <algorithm>

#include "dnc/channel.h"
#include "dnc/rpc_status.h"
#include "fmt/format.h"

namespace dnc::load {
namespace {

constexpr char kMethod[] = "/dnc.v1.ScrubService/Scrub";
constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
// gRPC's clock has steps of a millisecond, so shorter waits end too late.
constexpr int64_t kLeastBlocking = 3'000'000;
constexpr int64_t kBlockingMargin = 2'000'000;
// No wait is longer than this, so that a stop is noticed.
constexpr int64_t kMaxBlocking = 50'000'000;
// A sleep ends about this much too late; the rest of the time is spent reading the clock.
constexpr int64_t kSleepMargin = 60'000;
constexpr int kSendsBetweenLooks = 16;

int64_t Nanoseconds(double seconds) { return static_cast<int64_t>(seconds * 1e9); }

gpr_timespec After(int64_t nanoseconds) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(nanoseconds, GPR_TIMESPAN));
}

void SleepFor(int64_t nanoseconds) {
  const timespec time = {nanoseconds / kNanosecondsPerSecond, nanoseconds % kNanosecondsPerSecond};
  nanosleep(&time, nullptr);
}

// Adds to a counter that only this thread writes.
template <typename T>
void Bump(std::atomic<T>& counter, T by = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

}  // namespace

struct Sender::Call {
  std::optional<grpc::ClientContext> context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer answer;
  grpc::Status status;
  Question question;
  int64_t intended = 0;
  bool under_way = false;
};

Sender::Sender(const Target& target, const Workload& workload, const SchedulePlan& plan,
               const SenderOptions& options, int index, int senders)
    : target_(target),
      workload_(workload),
      plan_(plan),
      options_(options),
      schedule_(plan.spacing == Spacing::kClosed ? nullptr : MakeSchedule(plan, index, senders)),
      callers_(plan.callers / senders + (index < plan.callers % senders ? 1 : 0)),
      cursor_(workload.StartCursor(index)),
      checker_(options.other_lists),
      warm_up_(Nanoseconds(plan.warm_up)),
      end_(Nanoseconds(plan.warm_up + plan.Seconds())) {
  for (int i = 0; i < options.channels; ++i) {
    channels_.push_back(target.MakeChannel(index * 1000 + i));
    stubs_.push_back(std::make_unique<grpc::GenericStub>(channels_.back()));
  }
  measured_.series.resize(options.intervals);
  if (schedule_ != nullptr) next_ = schedule_->Next();
}

Sender::~Sender() {
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

absl::Status Sender::Connect(Clock::time_point deadline) {
  const auto wait = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - Clock::now());
  for (const auto& channel : channels_) {
    if (!channel->WaitForConnected(After(std::max<int64_t>(wait.count(), 0)))) {
      return absl::UnavailableError(
          fmt::format("no connection to {}{}; is dncd running there? Name another with --server or "
                      "DNC_SERVER{}",
                      target_.options().server, target_.tls() ? " by TLS" : "",
                      ProxyHint(target_.options().server)));
    }
  }
  return absl::OkStatus();
}

void Sender::Run(Clock::time_point start, const std::atomic<bool>& stop) {
  start_ = start;
  last_event_ = Now();
  while (!Done()) {
    const int64_t now = Now();
    if (stop.load(std::memory_order_relaxed) && !cancelled_) {
      end_ = std::clamp(now, warm_up_, end_);
      EndSchedule(now);
      Cancel();
    }
    if (!ended_) SendDue(now);
    if (!ended_ && !next_ && schedule_ != nullptr && now >= end_) ended_ = true;
    if (!ended_ && now >= end_ + (schedule_ == nullptr ? 0 : Nanoseconds(options_.grace)))
      EndSchedule(now);
    if (Done()) break;
    WaitForEvent(now);
  }
  measured_.total_ns = measured_ns();
}

void Sender::SendDue(int64_t now) {
  if (schedule_ == nullptr) {
    while (in_flight_ < callers_ && now < end_) {
      now = Now();
      Send(now, now);
    }
    return;
  }
  // Calls that the warm-up could not send must not burden the measured time.
  while (now >= warm_up_ && next_ && *next_ < warm_up_ && in_flight_ >= options_.max_in_flight) {
    Advance();
  }
  for (int sent = 0; next_ && *next_ <= now && sent < kSendsBetweenLooks; ++sent) {
    if (in_flight_ >= options_.max_in_flight) {
      if (options_.drop_excess) {
        Drop();
        continue;
      }
      bound_hit_at_ = now;
      return;
    }
    now = Now();
    Send(*next_, now);
    Advance();
  }
}

void Sender::Advance() { next_ = schedule_->Next(); }

void Sender::Drop() {
  if (*next_ >= warm_up_) {
    ++measured_.calls.scheduled;
    ++measured_.calls.unsent;
    if (Interval* interval = IntervalAt(*next_)) ++interval->scheduled;
  }
  Advance();
}

void Sender::Send(int64_t intended, int64_t now) {
  if (free_.empty()) {
    calls_.push_back(std::make_unique<Call>());
    free_.push_back(calls_.back().get());
  }
  Call* const call = free_.back();
  free_.pop_back();
  call->intended = intended;
  call->question = workload_.Next(cursor_);
  call->under_way = true;
  call->context.emplace();
  call->context->set_deadline(After(Nanoseconds(options_.timeout)));
  target_.Identify(&*call->context);
  const grpc::Slice slice(call->question.request.data(), call->question.request.size(),
                          grpc::Slice::STATIC_SLICE);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::GenericStub& stub = *stubs_[next_stub_];
  next_stub_ = next_stub_ + 1 == stubs_.size() ? 0 : next_stub_ + 1;
  call->reader = stub.PrepareUnaryCall(&*call->context, kMethod, request, &queue_);
  call->reader->StartCall();
  call->reader->Finish(&call->answer, &call->status, call);
  ++in_flight_;
  measured_.peak_in_flight = std::max(measured_.peak_in_flight, static_cast<uint64_t>(in_flight_));
  Bump(live_.sent);
  live_.in_flight.store(in_flight_, std::memory_order_relaxed);
  if (intended < warm_up_) return;
  ++measured_.calls.scheduled;
  if (Interval* interval = IntervalAt(intended)) ++interval->scheduled;
  if (intended <= bound_hit_at_) {
    ++measured_.calls.held;
  } else {
    measured_.lateness.Record(static_cast<uint64_t>(std::max<int64_t>(now - intended, 0)));
  }
}

// Calls that were due and never sent have waited at least until now.
void Sender::EndSchedule(int64_t now) {
  ended_ = true;
  const int64_t until = std::min(now, end_);
  for (; next_ && *next_ <= until; Advance()) {
    if (*next_ < warm_up_) continue;
    ++measured_.calls.scheduled;
    ++measured_.calls.unsent;
    if (Interval* interval = IntervalAt(*next_)) ++interval->scheduled;
    RecordLatency(*next_, until - *next_);
  }
  next_.reset();
}

void Sender::Cancel() {
  cancelled_ = true;
  for (const auto& call : calls_) {
    if (call->under_way) call->context->TryCancel();
  }
}

void Sender::WaitForEvent(int64_t now) {
  const int64_t until = next_ ? *next_ : now < end_ ? end_ : now + kMaxBlocking;
  const bool bounded = next_ && *next_ <= now;  // only an answer lets the next call go
  const int64_t gap = bounded ? kMaxBlocking : until - now;
  if (gap <= 0) {
    TakeEvent(now, 0);
    return;
  }
  const bool may_block = in_flight_ == 0 || now - last_event_ >= Nanoseconds(options_.spin);
  if (gap >= kLeastBlocking && may_block) {
    TakeEvent(now, std::min(gap - kBlockingMargin, kMaxBlocking));
  } else if (in_flight_ == 0 && gap > 2 * kSleepMargin && gap < kLeastBlocking) {
    SleepFor(gap - kSleepMargin);
    if (now >= warm_up_ && now < end_) measured_.idle_ns += Now() - now;
  } else if (!TakeEvent(now, 0)) {
    sched_yield();  // the server may need this core
  }
}

bool Sender::TakeEvent(int64_t now, int64_t wait) {
  void* tag = nullptr;
  bool ok = false;
  const auto next =
      queue_.AsyncNext(&tag, &ok, wait == 0 ? gpr_inf_past(GPR_CLOCK_MONOTONIC) : After(wait));
  const bool event = next == grpc::CompletionQueue::GOT_EVENT;
  const int64_t after = Now();
  // A look that found something was work; a wait was not.
  if ((!event || wait > 0) && now >= warm_up_ && now < end_) measured_.idle_ns += after - now;
  if (!event) return false;
  last_event_ = after;
  Finish(static_cast<Call*>(tag), after);
  return true;
}

void Sender::Finish(Call* call, int64_t now) {
  --in_flight_;
  live_.in_flight.store(in_flight_, std::memory_order_relaxed);
  if (call->status.ok()) {
    FinishAnswer(*call, now);
  } else {
    FinishError(*call, now);
  }
  call->under_way = false;
  call->reader.reset();
  call->context.reset();
  call->answer.Clear();
  free_.push_back(call);
}

void Sender::FinishAnswer(const Call& call, int64_t now) {
  const int64_t latency = now - call.intended;
  const bool right = checker_.Check(call.answer, call.question.truth, &measured_.answers);
  const bool good = right && latency <= Nanoseconds(options_.good_within);
  Bump(live_.answered);
  if (!right) Bump(live_.wrong);
  live_.latency.Record(static_cast<uint64_t>(std::max<int64_t>(latency, 0)));
  if (Interval* interval = IntervalAt(now)) {
    ++measured_.arrived;
    measured_.arrived_numbers += call.question.truth.size();
    ++interval->arrived;
    if (good) {
      ++measured_.arrived_good;
      ++interval->good;
    }
  }
  if (call.intended < warm_up_) return;
  ++measured_.calls.answered;
  RecordLatency(call.intended, latency);
}

void Sender::FinishError(const Call& call, int64_t now) {
  const absl::Status status = FromGrpcStatus(call.status);
  const bool refused = absl::IsResourceExhausted(status);
  const bool unanswered = absl::IsDeadlineExceeded(status) || cancelled_;
  Bump(refused ? live_.refused : live_.failed);
  if (Interval* interval = IntervalAt(now)) ++(refused ? interval->refused : interval->failed);
  if (call.intended < warm_up_) return;
  const int64_t latency = now - call.intended;
  if (refused) {
    ++measured_.calls.refused;
    measured_.refusal.Record(static_cast<uint64_t>(std::max<int64_t>(latency, 0)));
  } else if (unanswered) {
    ++measured_.calls.timed_out;
    RecordLatency(call.intended, latency);
  } else {
    ++measured_.calls.failed;
  }
  if (cancelled_) return;
  const std::string reason = ReasonOf(status);
  measured_.CountError(
      absl::StatusCodeToString(status.code()) + (reason.empty() ? "" : " ") + reason,
      std::string(status.message()));
}

void Sender::RecordLatency(int64_t intended, int64_t latency) {
  const auto nanoseconds = static_cast<uint64_t>(std::max<int64_t>(latency, 0));
  measured_.latency.Record(nanoseconds);
  if (Interval* interval = IntervalAt(intended)) interval->latency.Record(nanoseconds);
}

// Returns null outside the measured time. A replayed call may be due at its very end.
Interval* Sender::IntervalAt(int64_t time) {
  const int64_t planned = Nanoseconds(plan_.Seconds());
  const int64_t into = time - warm_up_;
  if (into < 0 || time > end_ || planned == 0) return nullptr;
  const auto count = static_cast<int64_t>(measured_.series.size());
  return &measured_.series[static_cast<size_t>(std::min(into * count / planned, count - 1))];
}

}  // namespace dnc::load
