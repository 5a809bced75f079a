#include "tools/dncload/search.h"

#include <cmath>

#include "gtest/gtest.h"

namespace dnc::load {
namespace {

// Tries of an artificial server that holds up to `capacity`; every `noise`-th try misses by chance.
struct MadeUp {
  double capacity = 5000;
  int noise = 0;
  int tries = 0;

  absl::StatusOr<Probe> operator()(double rate) {
    ++tries;
    Probe probe;
    probe.rate = rate;
    probe.passed = rate <= capacity && (noise == 0 || tries % noise != 0);
    return probe;
  }
};

SearchOutcome Search(MadeUp& server, const SearchLimits& limits = {}) {
  const auto outcome = SearchRate(
      limits, [&](double rate) { return server(rate); }, [] { return false; });
  EXPECT_TRUE(outcome.ok());
  return *outcome;
}

TEST(SearchTest, FindsTheCapacityWithinItsPrecision) {
  for (const double capacity : {3.0, 99.0, 100.0, 101.0, 5000.0, 123'456.0}) {
    MadeUp server{.capacity = capacity};
    const SearchOutcome outcome = Search(server);
    EXPECT_LE(outcome.rate, capacity);
    EXPECT_GE(outcome.rate * 1.05, capacity * 0.999) << capacity;
    EXPECT_LT(server.tries, 50);
  }
}

TEST(SearchTest, OneBadTryIsNoLimit) {
  MadeUp server{.capacity = 5000, .noise = 3};
  EXPECT_GE(Search(server).rate * 1.05, 4999);
}

TEST(SearchTest, AMissWhileTheClientStalledCountsOnlyAfterSomeTries) {
  std::vector<Probe> probes;
  int tries = 0;
  const auto held = TryRate(
      100,
      [&](double) -> absl::StatusOr<Probe> {
        ++tries;
        return Probe{.passed = tries == 4, .client_stalled = tries < 4};
      },
      [] { return false; }, &probes);
  EXPECT_TRUE(*held);
  EXPECT_EQ(probes.size(), 4U);
  tries = 10;
  EXPECT_FALSE(*TryRate(
      100, [&](double) -> absl::StatusOr<Probe> { return Probe{.client_stalled = true}; },
      [] { return false; }, &probes));
  EXPECT_EQ(probes.size(), 9U);
}

TEST(SearchTest, EndsAtItsBounds) {
  MadeUp fast{.capacity = 1e12};
  SearchLimits limits;
  limits.most_rate = 3000;
  EXPECT_DOUBLE_EQ(Search(fast, limits).rate, 3000);
  MadeUp dead{.capacity = 0};
  EXPECT_EQ(Search(dead).rate, 0);
}

TEST(SearchTest, AnErrorOrAStopEndsIt) {
  const auto failed = SearchRate(
      {}, [](double) -> absl::StatusOr<Probe> { return absl::UnavailableError("gone"); },
      [] { return false; });
  EXPECT_TRUE(absl::IsUnavailable(failed.status()));
  MadeUp server;
  const auto stopped = SearchRate(
      {}, [&](double rate) { return server(rate); }, [&] { return server.tries >= 3; });
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(server.tries, 3);
  EXPECT_EQ(stopped->rate, 200) << "the try that was interrupted does not count";
}

// Returns a run in which everything went well.
RunResult GoodRun() {
  RunResult run;
  run.plan.steps = {{1, 1000, 1000}};
  run.seconds = 1;
  run.measured.calls.scheduled = 1000;
  run.measured.calls.answered = 1000;
  run.measured.arrived = 1000;
  run.measured.arrived_good = 1000;
  run.measured.latency.Record(1'000'000, 1000);
  run.measured.lateness.Record(1000, 1000);
  run.measured.total_ns = 1'000'000'000;
  run.measured.idle_ns = 900'000'000;
  return run;
}

TEST(SearchTest, JudgesWhatWasMissed) {
  EXPECT_TRUE(Judge(GoodRun(), 2).passed);
  EXPECT_FALSE(Judge(GoodRun(), 0.5).passed);
  RunResult refused = GoodRun();
  refused.measured.calls.answered = 990;
  refused.measured.calls.refused = 10;
  EXPECT_FALSE(Judge(refused, 2).passed);
  RunResult held = GoodRun();
  held.measured.calls.held = 100;
  const Probe missed = Judge(held, 2);
  EXPECT_FALSE(missed.passed);
  EXPECT_EQ(missed.why, "the server could not keep up");
  held.measured.idle_ns = 0;
  EXPECT_NE(Judge(held, 2).why.find("CLIENT"), std::string::npos);
  EXPECT_FALSE(Judge(RunResult(), 2).passed);
}

TEST(SummaryTest, SaysThatTheClientStalled) {
  EXPECT_FALSE(Summarize(GoodRun()).client_stalled);
  RunResult late = GoodRun();
  late.measured.lateness.Record(5'000'000, 100);
  EXPECT_TRUE(Summarize(late).client_stalled);
  RunResult still = GoodRun();
  still.heartbeat.Record(30'000'000);
  const RunSummary summary = Summarize(still);
  EXPECT_TRUE(summary.client_stalled);
  ASSERT_FALSE(summary.warnings.empty());
  EXPECT_NE(summary.warnings[0].find("30.0 ms"), std::string::npos) << summary.warnings[0];
}

}  // namespace
}  // namespace dnc::load
