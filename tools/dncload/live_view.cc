#include "tools/dncload/live_view.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include "fmt/format.h"
#include "tools/cli/terminal.h"
#include "tools/dncload/report.h"

namespace dnc::load {
namespace {

class NoView final : public LiveView {
 public:
  void Begin(const std::string& /*name*/, const SchedulePlan& /*plan*/) override {}
  void Update(double /*elapsed*/, const std::vector<const LiveCounters*>& /*threads*/) override {}
  void End() override {}
};

// The sum of what all threads have counted so far.
struct Sum {
  uint64_t answered = 0;
  uint64_t refused = 0;
  uint64_t failed = 0;
  uint64_t wrong = 0;
  int64_t in_flight = 0;
  LatencyCounts latency;
};

Sum SumOf(const std::vector<const LiveCounters*>& threads) {
  Sum sum;
  for (const LiveCounters* thread : threads) {
    sum.answered += thread->answered.load(std::memory_order_relaxed);
    sum.refused += thread->refused.load(std::memory_order_relaxed);
    sum.failed += thread->failed.load(std::memory_order_relaxed);
    sum.wrong += thread->wrong.load(std::memory_order_relaxed);
    sum.in_flight += thread->in_flight.load(std::memory_order_relaxed);
    thread->latency.AddTo(&sum.latency);
  }
  return sum;
}

// Returns a text for the latency below which `share` of the answers between two sums lie.
std::string Below(const Sum& before, const Sum& now, double share) {
  const auto wanted = share * static_cast<double>(now.answered - before.answered);
  double seen = 0;
  for (int i = 0; i < kBoundCount; ++i) {
    const auto at = static_cast<size_t>(i);
    seen += static_cast<double>(now.latency.buckets[at] - before.latency.buckets[at]);
    if (seen > 0 && seen >= wanted) return DurationText(static_cast<double>(BucketBound(i)));
  }
  return "-";
}

class LineView final : public LiveView {
 public:
  void Begin(const std::string& name, const SchedulePlan& plan) override {
    name_ = name;
    warm_up_ = plan.warm_up;
    seconds_ = plan.warm_up + plan.Seconds();
    shown_at_ = -1;
    before_ = Sum();
  }

  void Update(double elapsed, const std::vector<const LiveCounters*>& threads) override {
    if (shown_at_ >= 0 && elapsed - shown_at_ < kStep) return;
    const Sum now = SumOf(threads);
    const double span = std::max(elapsed - std::max(shown_at_, 0.0), 0.001);
    std::string line = fmt::format(
        "{:<18} {:>5.1f} of {:.1f} s{}  {:>9} calls/s  p50 {:>8} p99 {:>8}  {} under way", name_,
        std::max(elapsed, 0.0), seconds_, elapsed < warm_up_ ? " warm-up" : "",
        RateText(static_cast<double>(now.answered - before_.answered) / span),
        Below(before_, now, 0.5), Below(before_, now, 0.99), now.in_flight);
    if (now.refused > 0) line += fmt::format("  {} refused", now.refused);
    if (now.failed > 0) line += fmt::format("  {} FAILED", now.failed);
    if (now.wrong > 0) line += fmt::format("  {} WRONG ANSWERS", now.wrong);
    // The line is cut to the width of the terminal; otherwise each update would leave one behind.
    fmt::print(stderr, "\r\x1b[K\x1b[?7l{}\x1b[?7h", line);
    std::fflush(stderr);
    shown_at_ = elapsed;
    before_ = now;
  }

  void End() override {
    fmt::print(stderr, "\r\x1b[K");
    std::fflush(stderr);
  }

 private:
  static constexpr double kStep = 0.5;

  std::string name_;
  double warm_up_ = 0;
  double seconds_ = 0;
  double shown_at_ = -1;
  Sum before_;
};

}  // namespace

std::unique_ptr<LiveView> MakeLiveView() {
  if (!cli::IsTerminal(stderr)) return std::make_unique<NoView>();
  return std::make_unique<LineView>();
}

}  // namespace dnc::load
