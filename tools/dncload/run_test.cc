// Makes runs with each sender against an artificial server in this process, which is gRPC's.
#include "tools/dncload/run.h"

#include <chrono>
#include <thread>

#include "clients/cpp/testing/fake_dncd.h"
#include "gtest/gtest.h"
#include "tests/support/wait.h"
#include "tools/dncload/live_view.h"
#include "tools/dncload/report.h"

namespace dnc::load {
namespace {

class RunTest : public testing::TestWithParam<SenderKind> {
 protected:
  RunTest() {
    // These agree with what the artificial server answers.
    std::vector<NumberTruth> numbers;
    for (uint64_t i = 0; i < 100; ++i) {
      numbers.push_back({2015550100 + i, i % 2 == 1 ? Truth::kListed : Truth::kUnlisted});
    }
    WorkloadOptions options;
    options.batches = {{10, 1}};
    options.pool_numbers = 1000;
    workload_ = std::make_unique<Workload>(*Workload::FromNumbers(numbers, options));
    plan_.spacing = Spacing::kConstant;
    plan_.steps = {{0.6, 500, 500}};
    plan_.warm_up = 0.2;
    options_.sender.kind = GetParam();
    options_.sender.timeout = 300;
    options_.sender.grace = 300;  // however late this thread is
  }

  RunResult Measure() {
    TargetOptions target_options;
    target_options.server = server_.address();
    const auto target = Target::Make(target_options);
    const ServerProcessor processor(0, "");
    const auto view = MakeLiveView();
    auto run =
        load::Run({*target, *workload_, processor, stop_}, options_, "test", plan_, view.get());
    EXPECT_TRUE(run.ok()) << run.status();
    return *std::move(run);
  }

  // Ends a stall some time after it has begun.
  void ReleaseAfter(std::chrono::milliseconds time) {
    EXPECT_TRUE(WaitUntil([this] { return server_.scrub.stall && server_.scrub.calls > 0; }));
    std::this_thread::sleep_for(time);
    server_.scrub.stall = false;
  }

  // Checks counts that must be right for every run.
  static void ExpectConsistent(const RunResult& run) {
    const CallCounts& calls = run.measured.calls;
    EXPECT_EQ(calls.scheduled,
              calls.answered + calls.refused + calls.timed_out + calls.failed + calls.unsent);
    EXPECT_EQ(run.measured.latency.count(), calls.answered + calls.timed_out + calls.unsent);
    uint64_t scheduled = 0;
    uint64_t arrived = 0;
    for (const Interval& slice : run.measured.series) {
      scheduled += slice.scheduled;
      arrived += slice.arrived;
    }
    EXPECT_EQ(scheduled, calls.scheduled);
    EXPECT_EQ(arrived, run.measured.arrived);
  }

  FakeDncd server_;
  std::unique_ptr<Workload> workload_;
  SchedulePlan plan_;
  RunOptions options_;
  std::atomic<bool> stop_{false};
};

TEST_P(RunTest, SendsItsScheduleAndVerifies) {
  for (const int threads : {1, 3}) {
    options_.threads = threads;
    options_.channels = 2 * threads;
    const RunResult run = Measure();
    ExpectConsistent(run);
    EXPECT_EQ(run.measured.calls.scheduled, 300U);
    EXPECT_EQ(run.measured.calls.answered, 300U);
    EXPECT_FALSE(run.measured.answers.wrong());
    EXPECT_EQ(run.measured.answers.numbers, 4000U) << "the warm-up is verified too";
    EXPECT_EQ(run.measured.answers.known, 4000U);
    EXPECT_NEAR(run.seconds, 0.6, 1e-6);
    EXPECT_GT(run.client_processor, 0);
    EXPECT_FALSE(run.server_processor.has_value());
  }
}

TEST_P(RunTest, ALyingServerIsFound) {
  server_.scrub.all_clear = true;
  const RunResult run = Measure();
  EXPECT_GT(run.measured.answers.wrongly_clear, 0U);
  EXPECT_EQ(run.measured.arrived_good, 0U);
  Report report;
  report.runs.push_back(run);
  ASSERT_FALSE(Failures(report).empty());
  EXPECT_NE(Failures(report)[0].find("answered CLEAR"), std::string::npos);
}

TEST_P(RunTest, AShortAnswerIsFound) {
  server_.scrub.drop_verdicts = 1;
  EXPECT_GT(Measure().measured.answers.bad_answers, 0U);
}

// A closed loop would hide this: calls that were due while the server stood still count from when
// they were due.
TEST_P(RunTest, AStallOfTheServerShows) {
  server_.scrub.stall_at = 150;  // 100 of these are in the warm-up
  std::thread releaser([this] { ReleaseAfter(std::chrono::milliseconds(200)); });
  const RunResult run = Measure();
  releaser.join();
  ExpectConsistent(run);
  EXPECT_GE(run.measured.latency.max(), 190'000'000U);
  // A third of the 0.6 s stands still, evenly from 0 to 200 ms: at least 45 of the 300 calls took
  // 100 ms or more.
  EXPECT_GE(run.measured.latency.Percentile(1 - 45.0 / 300), 100'000'000U);
}

TEST_P(RunTest, TheBoundOfCallsUnderWayIsTold) {
  options_.max_in_flight = 5;
  server_.scrub.stall = true;
  std::thread releaser([this] { ReleaseAfter(std::chrono::milliseconds(600)); });
  const RunResult run = Measure();
  releaser.join();
  ExpectConsistent(run);
  EXPECT_EQ(run.measured.peak_in_flight, 5U);
  EXPECT_GE(run.measured.calls.held, 150U);
  EXPECT_GE(run.measured.latency.max(), 350'000'000U);
  const RunSummary summary = Summarize(run);
  EXPECT_EQ(summary.kept_up, KeptUp::kServerNot);
  ASSERT_FALSE(summary.warnings.empty());
  EXPECT_NE(summary.warnings[0].find("bound of 5 calls"), std::string::npos) << summary.warnings[0];
}

TEST_P(RunTest, WhatWasNeverSentCounts) {
  options_.max_in_flight = 5;
  options_.sender.timeout = 0.9;
  options_.sender.grace = 0.05;
  server_.scrub.stall = true;
  const RunResult run = Measure();
  ExpectConsistent(run);
  EXPECT_GE(run.measured.calls.unsent, 250U);
  EXPECT_GE(run.measured.latency.Percentile(0.5), 200'000'000U);
  server_.scrub.stall = false;
}

// A client that refuses calls itself keeps the latency of what it sends; what it drops is counted.
TEST_P(RunTest, TheExcessIsDroppedWhereThatIsAsked) {
  options_.max_in_flight = 5;
  options_.sender.drop_excess = true;
  server_.scrub.stall = true;
  std::thread releaser([this] { ReleaseAfter(std::chrono::milliseconds(600)); });
  const RunResult run = Measure();
  releaser.join();
  const CallCounts& calls = run.measured.calls;
  EXPECT_EQ(calls.scheduled, 300U);
  EXPECT_EQ(calls.scheduled, calls.answered + calls.unsent);
  EXPECT_GE(calls.unsent, 150U);
  EXPECT_EQ(calls.held, 0U);
  EXPECT_EQ(run.measured.latency.count(), calls.answered);
  EXPECT_LE(run.measured.peak_in_flight, 5U);
}

TEST_P(RunTest, RefusalsAndTimeoutsAreApart) {
  server_.scrub.refuse = true;
  const RunResult refused = Measure();
  ExpectConsistent(refused);
  EXPECT_EQ(refused.measured.calls.refused, 300U);
  EXPECT_EQ(refused.measured.refusal.count(), 300U);
  EXPECT_EQ(refused.measured.errors.at("RESOURCE_EXHAUSTED").example, "too much");
  server_.scrub.refuse = false;
  server_.scrub.unavailable = 150;
  const RunResult failed = Measure();
  ExpectConsistent(failed);
  EXPECT_EQ(failed.measured.calls.failed, 50U) << "100 of the 150 are of the warm-up";
  server_.scrub.stall = true;
  options_.sender.timeout = 0.1;
  const RunResult slow = Measure();
  ExpectConsistent(slow);
  EXPECT_EQ(slow.measured.calls.timed_out, 300U);
  EXPECT_GE(slow.measured.latency.min(), 95'000'000U);
}

TEST_P(RunTest, AStopReportsWhatThereIs) {
  plan_.steps = {{60, 500, 500}};
  std::thread stopper([this] {
    EXPECT_TRUE(WaitUntil([this] { return server_.scrub.calls >= 300; }));
    stop_ = true;
  });
  const RunResult run = Measure();
  stopper.join();
  ExpectConsistent(run);
  EXPECT_TRUE(run.interrupted);
  EXPECT_LT(run.seconds, 60);
  EXPECT_GT(run.measured.calls.answered, 0U);
}

TEST_P(RunTest, AClosedLoopHasItsCallersUnderWay) {
  plan_.spacing = Spacing::kClosed;
  plan_.callers = 3;
  const RunResult run = Measure();
  ExpectConsistent(run);
  EXPECT_EQ(run.measured.peak_in_flight, 3U);
  EXPECT_GT(run.measured.calls.answered, 3U);
}

TEST_P(RunTest, NoServerIsAnError) {
  TargetOptions target_options;
  target_options.server = "127.0.0.1:1";
  options_.connect_timeout = 0.2;
  const auto target = Target::Make(target_options);
  const ServerProcessor processor(0, "");
  const auto view = MakeLiveView();
  const auto run =
      load::Run({*target, *workload_, processor, stop_}, options_, "test", plan_, view.get());
  EXPECT_TRUE(absl::IsUnavailable(run.status()));
  target_options.tls.ca_file = "/absent";
  EXPECT_TRUE(absl::IsNotFound(Target::Make(target_options).status()));
}

INSTANTIATE_TEST_SUITE_P(Senders, RunTest, testing::Values(SenderKind::kGrpc, SenderKind::kThin),
                         [](const auto& run) { return std::string(Name(run.param)); });

}  // namespace
}  // namespace dnc::load
