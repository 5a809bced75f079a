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
#include <string>

#include "dnc/rpc_status.h"

namespace dnc::load {
namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
// No wait is longer than this, so that a stop is noticed.
constexpr int64_t kMaxBlocking = 50'000'000;
// A sleep ends about this much too late; the rest of the time is spent reading the clock.
constexpr int64_t kSleepMargin = 60'000;
constexpr int kSendsBetweenLooks = 16;

int64_t Nanoseconds(double seconds) { return static_cast<int64_t>(seconds * 1e9); }

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
  Question question;
  int64_t intended = 0;
};

Sender::Sender(const Target& target, const Workload& workload, const SchedulePlan& plan,
               const SenderOptions& options, int index, int senders)
    : workload_(workload),
      plan_(plan),
      options_(options),
      schedule_(plan.spacing == Spacing::kClosed ? nullptr : MakeSchedule(plan, index, senders)),
      callers_(plan.callers / senders + (index < plan.callers % senders ? 1 : 0)),
      caller_(MakeCaller(target,
                         {.kind = options.kind,
                          .index = index,
                          .channels = options.channels,
                          .timeout = options.timeout},
                         this)),
      cursor_(workload.StartCursor(index)),
      checker_(options.other_lists),
      warm_up_(Nanoseconds(plan.warm_up)),
      end_(Nanoseconds(plan.warm_up + plan.Seconds())) {
  measured_.series.resize(options.intervals);
  if (schedule_ != nullptr) next_ = schedule_->Next();
}

Sender::~Sender() = default;

absl::Status Sender::Connect(Clock::time_point deadline) { return caller_->Connect(deadline); }

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
    if (!ended_) {
      SendDue(now);
      caller_->Flush();
    }
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
  caller_->Start(call, call->question.request);
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
  caller_->CancelAll();
}

void Sender::WaitForEvent(int64_t now) {
  const int64_t until = next_ ? *next_ : now < end_ ? end_ : now + kMaxBlocking;
  const bool bounded = next_ && *next_ <= now;  // only an answer lets the next call go
  const int64_t gap = bounded ? kMaxBlocking : until - now;
  if (gap <= 0) {
    TakeAnswers(now, 0);
    return;
  }
  const int64_t margin = caller_->wait_margin();
  const int64_t least_blocking = margin + margin / 2;  // what is shorter would end too late
  const bool may_block = in_flight_ == 0 || now - last_event_ >= Nanoseconds(options_.spin);
  if (gap >= least_blocking && may_block) {
    TakeAnswers(now, std::min(gap - margin, kMaxBlocking));
  } else if (in_flight_ == 0 && gap > 2 * kSleepMargin && gap < least_blocking) {
    SleepFor(gap - kSleepMargin);
    if (now >= warm_up_ && now < end_) measured_.idle_ns += Now() - now;
  } else if (!TakeAnswers(now, 0)) {
    sched_yield();  // the server may need this core
  }
}

bool Sender::TakeAnswers(int64_t now, int64_t wait) {
  first_answer_ = -1;
  const bool some = caller_->Take(wait);
  const int64_t waited_until = some ? first_answer_ : Now();
  // A look that found something was work; a wait was not.
  if ((!some || wait > 0) && now >= warm_up_ && now < end_) {
    measured_.idle_ns += waited_until - now;
  }
  return some;
}

void Sender::OnEnded(void* tag, const absl::Status& status, std::string_view answer) {
  auto* const call = static_cast<Call*>(tag);
  const int64_t now = Now();
  if (first_answer_ < 0) first_answer_ = now;
  last_event_ = now;
  --in_flight_;
  live_.in_flight.store(in_flight_, std::memory_order_relaxed);
  if (status.ok()) {
    FinishAnswer(*call, answer, now);
  } else {
    FinishError(*call, status, now);
  }
  free_.push_back(call);
}

void Sender::FinishAnswer(const Call& call, std::string_view answer, int64_t now) {
  const int64_t latency = now - call.intended;
  const bool right = checker_.Check(answer, call.question.truth, &measured_.answers);
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

void Sender::FinishError(const Call& call, const absl::Status& status, int64_t now) {
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
