// A run has these threads:
//
//   caller       connects and starts the others. Then shows the live view ten times a second, and
//                reads the processor times at the edges of the measured time
//   senders      each sends its part of the schedule and looks for its answers (sender.cc)
//   heartbeat    only sleeps, to notice when the machine does not let the client run
//
// The senders share only what nobody changes, and the stop flag. Their measurements are merged when
// all have ended.
#include "tools/dncload/run.h"

#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "server/base/status_macros.h"

namespace dnc::load {
namespace {

constexpr double kLeastInterval = 0.05;  // seconds
constexpr double kMaxIntervals = 120;
constexpr std::chrono::milliseconds kLook(100);
// Without this delay the senders' first calls would be late, because threads are still starting.
constexpr std::chrono::milliseconds kStartDelay(20);

std::chrono::nanoseconds ToNanoseconds(double seconds) {
  return std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
}

size_t IntervalsFor(double seconds) {
  return static_cast<size_t>(std::clamp(seconds / kLeastInterval, 1.0, kMaxIntervals));
}

// Reads the processor times at the edges of the measured time.
class ProcessorMeter {
 public:
  explicit ProcessorMeter(const ServerProcessor& server) : server_(server) {}

  void Begin() {
    own_ = OwnProcessorSeconds();
    before_ = server_.Seconds();
  }

  void End(RunResult* result) const {
    result->client_processor = OwnProcessorSeconds() - own_;
    const auto after = before_.ok() ? server_.Seconds() : before_;
    if (after.ok()) {
      result->server_processor = *after - *before_;
    } else {
      result->server_processor_unknown = std::string(after.status().message());
    }
  }

 private:
  const ServerProcessor& server_;
  double own_ = 0;
  absl::StatusOr<double> before_ = absl::UnavailableError("the run ended in its warm-up");
};

// The senders of a run with their threads.
class Senders {
 public:
  Senders(const RunParts& parts, const RunOptions& options, const SchedulePlan& plan)
      : stop_(parts.stop) {
    SenderOptions each = options.sender;
    each.channels = std::max(1, options.channels / options.threads);
    each.max_in_flight = std::max(1, options.max_in_flight / options.threads);
    each.intervals = IntervalsFor(plan.Seconds());
    for (int i = 0; i < options.threads; ++i) {
      senders_.push_back(
          std::make_unique<Sender>(parts.target, parts.workload, plan, each, i, options.threads));
      live_.push_back(&senders_.back()->live());
    }
  }

  absl::Status Connect(double seconds) {
    const auto deadline = Clock::now() + ToNanoseconds(seconds);
    for (const auto& sender : senders_) DNC_RETURN_IF_ERROR(sender->Connect(deadline));
    return absl::OkStatus();
  }

  void Start(Clock::time_point start) {
    running_ = static_cast<int>(senders_.size());
    for (const auto& sender : senders_) {
      threads_.emplace_back([this, &sender, start] {
        sender->Run(start, stop_);
        --running_;
      });
    }
  }

  bool running() const { return running_ > 0; }
  const std::vector<const LiveCounters*>& live() const { return live_; }

  void Join(RunResult* result) {
    for (std::thread& thread : threads_) thread.join();
    int64_t measured = 0;
    for (const auto& sender : senders_) {
      result->measured.Merge(sender->measurements());
      measured = std::max(measured, sender->measured_ns());
    }
    result->seconds = static_cast<double>(measured) / 1e9;
  }

 private:
  const std::atomic<bool>& stop_;
  std::vector<std::unique_ptr<Sender>> senders_;
  std::vector<const LiveCounters*> live_;
  std::vector<std::thread> threads_;
  std::atomic<int> running_{0};
};

}  // namespace

absl::StatusOr<RunResult> Run(const RunParts& parts, const RunOptions& options,
                              const std::string& name, const SchedulePlan& plan, LiveView* view) {
  RunResult result;
  result.name = name;
  result.plan = plan;
  result.sender = options.sender.kind;
  result.threads = options.threads;
  result.channels = std::max(1, options.channels / options.threads) * options.threads;
  result.max_in_flight = std::max(1, options.max_in_flight / options.threads) * options.threads;
  result.good_within = options.sender.good_within;
  Senders senders(parts, options, result.plan);
  DNC_RETURN_IF_ERROR(senders.Connect(options.connect_timeout));
  Heartbeat heartbeat;
  ProcessorMeter processors(parts.server_processor);
  const auto start = Clock::now() + kStartDelay;
  const auto measured_from = start + ToNanoseconds(plan.warm_up);
  const auto measured_to = measured_from + ToNanoseconds(plan.Seconds());
  bool begun = false;
  bool ended = false;
  view->Begin(name, plan);
  senders.Start(start);
  while (senders.running()) {
    const auto now = Clock::now();
    if (!begun && now >= measured_from) {
      processors.Begin();
      heartbeat.Begin();
      begun = true;
    }
    if (!ended && now >= measured_to) {
      processors.End(&result);
      ended = true;
    }
    view->Update(std::chrono::duration<double>(now - start).count(), senders.live());
    auto wake = now + kLook;
    if (!begun) wake = std::min(wake, measured_from);
    if (!ended) wake = std::min(wake, measured_to);
    std::this_thread::sleep_until(wake);
  }
  if (!ended) processors.End(&result);
  view->End();
  result.heartbeat = heartbeat.Stop();
  senders.Join(&result);
  result.interrupted = parts.stop.load();
  return result;
}

const Histogram& Heartbeat::Stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  return late_;
}

void Heartbeat::Run() {
  constexpr std::chrono::milliseconds kBeat(1);
  prctl(PR_SET_TIMERSLACK, 1);
  auto due = std::chrono::steady_clock::now() + kBeat;
  while (!stopping_) {
    std::this_thread::sleep_until(due);
    const auto now = std::chrono::steady_clock::now();
    if (counting_) late_.Record(static_cast<uint64_t>((now - due).count()));
    due = now + kBeat;
  }
}

}  // namespace dnc::load
