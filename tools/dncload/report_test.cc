// Tests what reports say in each form, and the comparison of two.
#include "tools/dncload/report.h"

#include <string>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "gtest/gtest.h"
#include "tools/cli/svg_plot.h"
#include "tools/dncload/compare.h"
#include "tools/dncload/machine.h"
#include "tools/dncload/options.h"
#include "tools/dncload/report_html.h"
#include "tools/dncload/report_json.h"
#include "tools/dncload/report_plots.h"

namespace dnc::load {
namespace {

RunResult MakeRun(const std::string& name, uint64_t latency) {
  RunResult run;
  run.name = name;
  run.plan.steps = {{10, 100, 100}};
  run.seconds = 10;
  run.measured.calls.scheduled = 1000;
  run.measured.calls.answered = 1000;
  run.measured.arrived = 1000;
  run.measured.arrived_good = 1000;
  run.measured.arrived_numbers = 1'000'000;
  run.measured.answers.numbers = run.measured.answers.known = 1'000'000;
  run.measured.total_ns = 10'000'000'000;
  run.measured.idle_ns = 9'000'000'000;
  run.measured.series.resize(10);
  for (Interval& slice : run.measured.series) {
    slice.scheduled = slice.arrived = slice.good = 100;
    slice.latency.Record(latency, 100);
    run.measured.latency.Merge(slice.latency);
  }
  run.measured.lateness.Record(1000, 1000);
  run.server_processor = 0.5;
  return run;
}

Report MakeReport(uint64_t latency) {
  Report report;
  report.mode = "sweep";
  report.server = "far:1";
  report.command = "dncload sweep <&>\"'";
  report.status_unknown = "may not ask";
  report.runs = {MakeRun("100/s", latency), MakeRun("200/s", latency * 2)};
  report.runs[1].plan.steps = {{10, 200, 200}};
  return report;
}

TEST(ReportTest, JsonHasItsFields) {
  const auto json = ToJson(MakeReport(1'000'000));
  EXPECT_EQ(json["schema"], "dncload/1");
  EXPECT_EQ(json["ok"], true);
  ASSERT_EQ(json["runs"].size(), 2U);
  const auto& run = json["runs"][0];
  EXPECT_DOUBLE_EQ(run["offered_per_s"].get<double>(), 100);
  EXPECT_DOUBLE_EQ(run["numbers_per_s"].get<double>(), 100'000);
  EXPECT_DOUBLE_EQ(run["latency_us"]["p99"].get<double>(), 1000);
  EXPECT_DOUBLE_EQ(run["server"]["processor_us_per_call"].get<double>(), 500);
  EXPECT_DOUBLE_EQ(run["client"]["busy"].get<double>(), 0.1);
  EXPECT_EQ(run["client"]["stalled"], false);
  EXPECT_EQ(run["kept_up"], "yes");
  EXPECT_EQ(run["series"].size(), 10U);
  double last = -1;
  for (const double share : ReportedShares()) {
    EXPECT_GT(share, last);
    last = share;
  }
  EXPECT_EQ(last, 1);
}

TEST(ReportTest, HtmlStandsAlone) {
  Report report = MakeReport(1'000'000);
  report.runs[0].heartbeat.Record(70'000'000);
  const std::string html = ToHtml(report);
  for (const char* foreign : {"http:", "https:", "<script", "<link", "@import", "url(", " src="}) {
    EXPECT_EQ(html.find(foreign), std::string::npos) << foreign;
  }
  EXPECT_NE(html.find("dncload sweep &lt;&amp;&gt;&quot;&#39;"), std::string::npos);
  EXPECT_EQ(html.find("<&>"), std::string::npos);
  EXPECT_NE(html.find("THE CLIENT STALLED"), std::string::npos);
  EXPECT_NE(html.find("70.0 ms"), std::string::npos);
  size_t plots = 0;
  for (size_t at = html.find("<svg"); at != std::string::npos; at = html.find("<svg", at + 1)) {
    ++plots;
  }
  EXPECT_EQ(plots, 8U) << "by percentile, three over the rate, two over time of each run";
  EXPECT_EQ(html.find("nan"), std::string::npos);
  EXPECT_EQ(html.find("inf"), std::string::npos);
}

TEST(ReportTest, AnEmptyReportIsAFailureAndStillAPage) {
  Report report;
  EXPECT_FALSE(Failures(report).empty());
  EXPECT_EQ(ToHtml(report).find("<svg"), std::string::npos);
  report.runs.emplace_back();  // a run that was interrupted at once
  report.interrupted = true;
  EXPECT_TRUE(Failures(report).empty());
  EXPECT_EQ(ToHtml(report).find("nan"), std::string::npos);
  EXPECT_FALSE(ToJson(report).dump().empty());
}

// A person who reads only one line of a report must not take the client's figure for the server's.
TEST(ReportTest, TheHeadlineSaysThatItRestsOnAStalledClient) {
  Report report = MakeReport(1'000'000);
  EXPECT_EQ(ClientCaveat(report), "");
  EXPECT_EQ(Headline(report).find("CLIENT"), std::string::npos);
  report.search.emplace();
  report.search->limit_ms = 2;
  report.search->rate = 182;
  report.search->probes = {{.rate = 182, .passed = true},
                           {.rate = 400, .passed = false, .client_stalled = true}};
  for (const std::string& form : {Headline(report), ToHtml(report), ToJson(report).dump()}) {
    EXPECT_NE(form.find("THE CLIENT STALLED in 1 of the 1 tries"), std::string::npos) << form;
  }
  EXPECT_NE(Headline(report).find("182 calls/s (THE CLIENT STALLED"), std::string::npos);
  report.search->probes[1].client_stalled = false;
  EXPECT_EQ(ClientCaveat(report), "");
  report.search.reset();
  for (RunResult& run : report.runs) run.heartbeat.Record(70'000'000);
  for (const std::string& form : {Headline(report), ToHtml(report), ToJson(report).dump()}) {
    EXPECT_NE(form.find("THE CLIENT STALLED"), std::string::npos) << form;
  }
  report.runs = {MakeRun("late", 1'000'000)};
  report.runs[0].measured.lateness.Record(5'000'000, 1000);
  EXPECT_NE(Headline(report).find("THE CLIENT STALLED"), std::string::npos);
}

TEST(ReportTest, AnEmptyServerHasNoGreenBadge) {
  Report report = MakeReport(1'000'000);
  EXPECT_EQ(BadgeOf(report).kind, Badge::Kind::kGood);
  EXPECT_NE(ToHtml(report).find("pill good"), std::string::npos);
  for (RunResult& run : report.runs) {
    run.measured.answers.undecided = run.measured.answers.known;
    run.measured.answers.verdicts[v1::VERDICT_STALE] = run.measured.answers.numbers;
  }
  EXPECT_EQ(BadgeOf(report).kind, Badge::Kind::kDoubt);
  EXPECT_EQ(ToHtml(report).find("pill good"), std::string::npos);
  EXPECT_EQ(ToJson(report)["verified"], false);
  for (RunResult& run : report.runs) {
    run.measured.answers.verdicts = {};
    run.measured.answers.verdicts[v1::VERDICT_NOT_COVERED] = run.measured.answers.numbers;
  }
  EXPECT_EQ(BadgeOf(report).kind, Badge::Kind::kFailure);
  EXPECT_NE(ToHtml(report).find("nothing is loaded"), std::string::npos);
  EXPECT_EQ(ToJson(report)["ok"], false);
}

TEST(ReportTest, TheOverloadPlotDrawsWhatWasOffered) {
  Report report = MakeReport(1'000'000);
  report.mode = "overload";
  report.overload = OverloadOutcome{.capacity = 100, .peak_goodput = 100};
  report.runs[1].plan.steps = {{10, 5000, 5000}};
  report.runs[1].measured.calls.scheduled = 50'000;
  report.runs[1].name = "50x";
  const std::string html = ToHtml(report);
  EXPECT_NE(html.find("of 5,000 calls/s offered"), std::string::npos);
  // Both axes of the plot reach the offered rate, 50 times what was answered.
  const std::string plot = GoodputOverRatePlot(report);
  const size_t tick = plot.find(">5000<");
  ASSERT_NE(tick, std::string::npos) << plot;
  EXPECT_NE(plot.find(">5000<", tick + 1), std::string::npos) << plot;
}

TEST(ReportTest, WrongAnswersAreFailures) {
  Report report = MakeReport(1'000'000);
  report.runs[1].measured.answers.wrongly_clear = 1;
  report.runs[0].measured.answers.wrongly_listed = 2;
  const auto failures = Failures(report);
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_NE(failures[0].find("1 times a LISTED number was answered CLEAR"), std::string::npos);
  EXPECT_NE(ToHtml(report).find("answered CLEAR"), std::string::npos);
  EXPECT_EQ(ToJson(report)["ok"], false);
}

TEST(CompareTest, RatiosOfRunsOfTheSameName) {
  const auto comparison = Compare(ToJson(MakeReport(1'000'000)), ToJson(MakeReport(1'500'000)));
  ASSERT_TRUE(comparison.ok()) << comparison.status();
  bool found = false;
  for (const ComparedFigure& figure : comparison->figures) {
    if (figure.run != "200/s" || figure.figure != "p99 us") continue;
    found = true;
    EXPECT_NEAR(figure.ratio, 1.5, 0.01);
  }
  EXPECT_TRUE(found);
  EXPECT_TRUE(comparison->warnings.empty()) << comparison->warnings[0];
}

TEST(CompareTest, SaysWhatMakesRatiosMislead) {
  Report stalled = MakeReport(1'000'000);
  stalled.runs[0].heartbeat.Record(50'000'000);
  stalled.workload.batches = "1";
  stalled.runs.pop_back();
  const auto comparison = Compare(ToJson(MakeReport(1'000'000)), ToJson(stalled));
  ASSERT_TRUE(comparison.ok());
  std::string all;
  for (const std::string& warning : comparison->warnings) all += warning + "\n";
  EXPECT_NE(all.find("the client of B stalled"), std::string::npos) << all;
  EXPECT_NE(fmt::format("{}", fmt::join(comparison->unlike, "\n")).find("numbers a call"),
            std::string::npos);
  EXPECT_NE(all.find("only one of the reports"), std::string::npos) << all;
}

TEST(CompareTest, SaysWhatIsUnlike) {
  const auto same = Compare(ToJson(MakeReport(1'000'000)), ToJson(MakeReport(2'000'000)));
  EXPECT_TRUE(same->unlike.empty()) << same->unlike[0];
  Report other = MakeReport(1'000'000);
  other.mode = "run";
  other.version = "0.2.0";
  other.client.cores = 64;
  other.status.emplace().set_version("0.3.0");
  other.status->set_revision(8);
  other.tls = true;
  const auto comparison = Compare(ToJson(MakeReport(1'000'000)), ToJson(other));
  const std::string unlike = fmt::format("{}", fmt::join(comparison->unlike, "\n"));
  for (const char* condition : {"other mode", "version of dncload", "client's cores",
                                "version of the server", "revision", "TLS"}) {
    EXPECT_NE(unlike.find(condition), std::string::npos) << condition << ": " << unlike;
  }
}

TEST(CompareTest, RefusesWhatIsNoReport) {
  const auto good = ToJson(MakeReport(1));
  for (const char* text : {"{}", "[]", "3", R"({"schema":"dncload/2","runs":[]})",
                           R"({"schema":"dncload/1","runs":3})"}) {
    EXPECT_FALSE(Compare(nlohmann::ordered_json::parse(text), good).ok()) << text;
  }
}

TEST(WordsTest, DurationsAndRates) {
  EXPECT_EQ(DurationText(0), "0 ns");
  EXPECT_EQ(DurationText(999), "999 ns");
  EXPECT_EQ(DurationText(1234), "1.23 µs");
  EXPECT_EQ(DurationText(999'600), "1.00 ms");
  EXPECT_EQ(DurationText(123'456'789), "123 ms");
  EXPECT_EQ(DurationText(2.5e9), "2.50 s");
  EXPECT_EQ(RateText(12.34), "12.3");
  EXPECT_EQ(RateText(1234567.8), "1,234,568");
}

TEST(OptionsTest, BatchesStepsAndPairs) {
  const auto batches = ParseBatches("1:50,1000:25");
  ASSERT_TRUE(batches.ok());
  ASSERT_EQ(batches->size(), 2U);
  EXPECT_EQ((*batches)[1].numbers, 1000);
  EXPECT_DOUBLE_EQ((*batches)[1].weight, 25);
  for (const char* bad : {"", "0", "1.5", "1:0", "1:-1", "1,", "a", "1:2:3", "1000001", "nan"}) {
    EXPECT_FALSE(ParseBatches(bad).ok()) << bad;
  }
  EXPECT_EQ(ParseSteps("1000:5,2000:0.5")->size(), 2U);
  for (const char* bad : {"", "1000", "0:5", "1000:0", "x:1"}) {
    EXPECT_FALSE(ParseSteps(bad).ok()) << bad;
  }
  EXPECT_TRUE(ParsePair("--ramp", "5:1", false).ok());
  EXPECT_FALSE(ParsePair("--gap", "5:1", true).ok());
  EXPECT_FALSE(ParsePair("--gap", "5", true).ok());
}

TEST(ProcessorTimeTest, ReadsWhatServersTell) {
  EXPECT_DOUBLE_EQ(*ProcessorSecondsOfPage("# HELP process_cpu_seconds_total x\n"
                                           "process_cpu_seconds_total 12.5\r\nother 1\n"),
                   12.5);
  EXPECT_FALSE(ProcessorSecondsOfPage("other 1\n").ok());
  EXPECT_TRUE(
      ProcessorSecondsOfStat("1 (a ) b) S 1 1 1 0 -1 4 5 0 0 0 700 300 0 0 20 0 1 0\n").ok());
  EXPECT_FALSE(ProcessorSecondsOfStat("nothing").ok());
  EXPECT_GT(OwnProcessorSeconds(), 0);
  EXPECT_FALSE(ServerProcessor(0, "").Seconds().ok());
  EXPECT_FALSE(ServerProcessor(0, "127.0.0.1:1").Seconds().ok());
}

}  // namespace
}  // namespace dnc::load
