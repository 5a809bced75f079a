// A thread of the load: sends its part of the schedule and measures.
//
// It never waits for one call before it sends the next: many calls are under way at the same time.
// A call's latency counts from the moment for which it was scheduled, so that a server (or client)
// that stands still can't hide it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/base/latency_histogram.h"
#include "tools/dncload/caller.h"
#include "tools/dncload/measurements.h"
#include "tools/dncload/schedule.h"
#include "tools/dncload/target.h"
#include "tools/dncload/workload.h"

namespace dnc::load {

struct SenderOptions {
  SenderKind kind = SenderKind::kGrpc;
  int channels = 1;          // connections of this thread
  int max_in_flight = 1000;  // calls of this thread that may be under way
  bool drop_excess = false;  // those beyond are not sent at all, instead of waiting
  double timeout = 10;       // seconds for a call
  double good_within = 0.1;  // seconds in which an answer must come to count as good
  double grace = 0.05;       // seconds after the measured time in which late calls are still sent
  double spin = 0.001;       // seconds to look for an answer before sleeping
  bool other_lists = false;  // as in AnswerChecker
  size_t intervals = 100;    // slices of the measured time
};

// What other threads may see of a sender while it runs.
struct LiveCounters {
  std::atomic<uint64_t> sent{0};
  std::atomic<uint64_t> answered{0};
  std::atomic<uint64_t> refused{0};
  std::atomic<uint64_t> failed{0};
  std::atomic<uint64_t> wrong{0};
  std::atomic<int64_t> in_flight{0};
  LatencyHistogram latency;  // of answers
};

class Sender final : private CallUser {
 public:
  // Part `index` of `senders` of the plan. Target, workload and plan must outlive it.
  Sender(const Target& target, const Workload& workload, const SchedulePlan& plan,
         const SenderOptions& options, int index, int senders);
  ~Sender() override;
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // Opens the connections. UNAVAILABLE or DEADLINE_EXCEEDED tells which server can't be reached.
  absl::Status Connect(Clock::time_point deadline);

  // Runs the schedule from `start` on, until it has ended and every call has an answer or its
  // timeout; or until `stop`, which ends calls under way at once.
  void Run(Clock::time_point start, const std::atomic<bool>& stop);

  // Both may be asked after Run.
  const Measurements& measurements() const { return measured_; }
  // How long the measured time was, in ns: less than planned after a stop.
  int64_t measured_ns() const { return end_ - warm_up_; }

  const LiveCounters& live() const { return live_; }

 private:
  struct Call;

  int64_t Now() const { return (Clock::now() - start_).count(); }
  bool Done() const { return ended_ && in_flight_ == 0; }
  void SendDue(int64_t now);
  void Send(int64_t intended, int64_t now);
  void Advance();
  // Counts the due call as one that was never sent.
  void Drop();
  void EndSchedule(int64_t now);
  void Cancel();
  void WaitForEvent(int64_t now);
  // Waits for answers for at most `wait` ns, 0: only looks. False if nothing came.
  bool TakeAnswers(int64_t now, int64_t wait);
  void OnEnded(void* tag, const absl::Status& status, std::string_view answer) override;
  void FinishAnswer(const Call& call, std::string_view answer, int64_t now);
  void FinishError(const Call& call, const absl::Status& status, int64_t now);
  void RecordLatency(int64_t intended, int64_t latency);
  Interval* IntervalAt(int64_t time);

  const Workload& workload_;
  const SchedulePlan& plan_;
  const SenderOptions options_;
  const std::unique_ptr<Schedule> schedule_;  // null for a closed loop
  const int callers_;                         // of a closed loop
  const std::unique_ptr<Caller> caller_;
  Workload::Cursor cursor_;
  AnswerChecker checker_;
  std::vector<std::unique_ptr<Call>> calls_;  // all that were ever needed
  std::vector<Call*> free_;
  Clock::time_point start_;
  int64_t warm_up_ = 0;          // ns from the start to the measured time
  int64_t end_ = 0;              // and to its end
  std::optional<int64_t> next_;  // the next intended send time
  int64_t bound_hit_at_ = -1;    // when the bound last held back a call that was due
  int64_t last_event_ = 0;
  int64_t first_answer_ = -1;  // when the first one came of those that are taken now
  int in_flight_ = 0;
  bool ended_ = false;      // nothing more will be sent
  bool cancelled_ = false;  // calls under way were given up
  Measurements measured_;
  LiveCounters live_;
};

}  // namespace dnc::load
