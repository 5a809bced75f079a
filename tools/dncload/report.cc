#include "tools/dncload/report.h"

#include <algorithm>
#include <cmath>

#include "fmt/format.h"
#include "tools/cli/terminal.h"

namespace dnc::load {
namespace {

// If the client stood still or sent late by this much, the figures are spoiled.
constexpr uint64_t kStallNs = 10'000'000;
constexpr uint64_t kLateNs = 1'000'000;
// With a larger share of such calls, a run did not keep up.
constexpr double kHeldShare = 0.01;
constexpr double kRefusedShare = 0.001;
constexpr double kBusyShare = 0.85;

double Share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string Percent(double share) { return fmt::format("{:.3g} %", share * 100); }

void JudgeClient(const RunResult& run, RunSummary* summary) {
  const Histogram& late = run.measured.lateness;
  std::string how;
  if (run.heartbeat.max() >= kStallNs) {
    how = fmt::format("its machine let it stand still for up to {} (p99.9 {})",
                      DurationText(static_cast<double>(run.heartbeat.max())),
                      DurationText(static_cast<double>(run.heartbeat.Percentile(0.999))));
  }
  if (late.count() > 0 && late.Percentile(0.99) >= kLateNs) {
    if (!how.empty()) how += ", and ";
    how += fmt::format("it sent 1 % of the calls {} or more behind their schedule",
                       DurationText(static_cast<double>(late.Percentile(0.99))));
  }
  if (how.empty()) return;
  summary->client_stalled = true;
  summary->warnings.push_back(
      fmt::format("THE CLIENT STALLED: {}; latencies of that size may be the client's, not the "
                  "server's. Use a client with more cores, or one that is less busy",
                  how));
}

void JudgeRate(const RunResult& run, RunSummary* summary) {
  const CallCounts& calls = run.measured.calls;
  if (run.plan.spacing == Spacing::kClosed) return;
  const double held = Share(calls.held + calls.unsent, calls.scheduled);
  const bool client_behind =
      summary->busy >= kBusyShare && run.measured.lateness.Percentile(0.99) >= kLateNs;
  if (held < kHeldShare && !client_behind) return;
  summary->kept_up = summary->busy >= kBusyShare ? KeptUp::kClientNot : KeptUp::kServerNot;
  const std::string bound =
      held < kHeldShare ? ""
                        : fmt::format("; the bound of {} calls under way held {} of the calls back",
                                      run.max_in_flight, Percent(held));
  summary->warnings.push_back(fmt::format(
      "THE {} COULD NOT KEEP UP with {} calls/s: {} calls/s were answered, and the client was busy "
      "{:.0f} % of the time{}",
      summary->kept_up == KeptUp::kClientNot ? "CLIENT" : "SERVER", RateText(summary->offered),
      RateText(summary->achieved), summary->busy * 100, bound));
}

void JudgeCalls(const RunResult& run, RunSummary* summary) {
  const CallCounts& calls = run.measured.calls;
  const AnswerTally& answers = run.measured.answers;
  if (Share(calls.refused, calls.scheduled) >= kRefusedShare) {
    summary->warnings.push_back(
        fmt::format("the server refused {} of the calls (RESOURCE_EXHAUSTED)",
                    Percent(Share(calls.refused, calls.scheduled))));
  }
  if (calls.timed_out > 0 && !run.interrupted) {
    summary->warnings.push_back(
        fmt::format("{} calls had no answer within their timeout; they count as that slow",
                    cli::WithCommas(calls.timed_out)));
  }
  if (calls.failed > 0) {
    summary->warnings.push_back(fmt::format("{} calls failed; the table of errors tells why",
                                            cli::WithCommas(calls.failed)));
  }
  if (answers.undecided > 0) {
    summary->warnings.push_back(fmt::format(
        "{} of the known numbers were answered neither CLEAR nor LISTED: does the server hold the "
        "list that --base names, and is it young enough?",
        Percent(Share(answers.undecided, answers.known))));
  }
  if (answers.numbers > 0 && answers.known == 0) {
    summary->warnings.push_back("no answer was verified: nothing is known of the numbers asked");
  }
  const uint64_t measured = calls.answered + calls.timed_out + calls.unsent;
  if (measured > 0 && measured < 1000) {
    summary->warnings.push_back(
        fmt::format("only {} calls: percentiles above p{:.3g} are the slowest call", measured,
                    100 * (1 - 1 / static_cast<double>(measured))));
  }
}

AnswerTally AllAnswers(const Report& report) {
  AnswerTally answers;
  for (const RunResult& run : report.runs) answers.Merge(run.measured.answers);
  return answers;
}

// Returns whether the server knew nothing about any number, so that no answer cost it a look-up.
bool IsNothingLoaded(const AnswerTally& answers) {
  return answers.numbers > 0 && answers.verdicts[v1::VERDICT_NOT_COVERED] == answers.numbers;
}

bool IsClientsFault(const RunSummary& summary) {
  return summary.client_stalled || summary.kept_up == KeptUp::kClientNot;
}

}  // namespace

const RunResult* MainRun(const Report& report) {
  const RunResult* best = nullptr;
  for (const RunResult& run : report.runs) {
    if (report.search && run.plan.MeanRate() > report.search->rate * 1.001) continue;
    if (best == nullptr || Summarize(run).goodput > Summarize(*best).goodput) best = &run;
  }
  return best;
}

std::string ClientCaveat(const RunSummary& summary) {
  if (summary.client_stalled) return " (THE CLIENT STALLED)";
  return summary.kept_up == KeptUp::kClientNot ? " (THE CLIENT COULD NOT KEEP UP)" : "";
}

std::string ClientCaveat(const Report& report) {
  constexpr const char* kAdvice = "measure from a machine with more cores, or a less busy one";
  if (report.search) {
    size_t missed = 0;
    size_t stalled = 0;
    for (const Probe& probe : report.search->probes) {
      if (probe.passed) continue;
      ++missed;
      stalled += probe.client_stalled ? 1U : 0U;
    }
    if (stalled > 0) {
      return fmt::format(
          "THE CLIENT STALLED in {} of the {} tries that missed, so the server may hold more; {}",
          stalled, missed, kAdvice);
    }
  }
  const RunResult* const run = MainRun(report);
  if (run == nullptr) return "";
  const RunSummary summary = Summarize(*run);
  if (!IsClientsFault(summary)) return "";
  return fmt::format("THE CLIENT {}, so this may be its figure and not the server's; {}",
                     summary.client_stalled ? "STALLED" : "COULD NOT KEEP UP", kAdvice);
}

std::string Headline(const Report& report) {
  const RunResult* const run = MainRun(report);
  std::string line;
  if (report.search) {
    line = report.search->rate > 0
               ? fmt::format("highest rate with p99 below {} ms: {} calls/s",
                             report.search->limit_ms, RateText(report.search->rate))
               : fmt::format("no rate was confirmed with p99 below {} ms", report.search->limit_ms);
  } else if (run != nullptr) {
    const RunSummary summary = Summarize(*run);
    line = fmt::format("{}: {} calls/s answered of {} offered, p99 {}", run->name,
                       RateText(summary.achieved), RateText(summary.offered),
                       PercentileText(run->measured.latency, 0.99));
  }
  const std::string caveat = ClientCaveat(report);
  if (line.empty() || caveat.empty()) return line;
  return fmt::format("{} ({})", line, caveat);
}

Badge BadgeOf(const Report& report) {
  if (!Failures(report).empty()) return {Badge::Kind::kFailure, "FAILURE"};
  const AnswerTally answers = AllAnswers(report);
  const uint64_t decided = answers.known - std::min(answers.known, answers.undecided);
  if (decided == 0) return {Badge::Kind::kDoubt, "no answer was verified"};
  if (Share(answers.undecided, answers.known) >= kHeldShare) {
    return {Badge::Kind::kDoubt, fmt::format("what was verified was right, but {} of the known "
                                             "numbers were answered neither CLEAR nor LISTED",
                                             Percent(Share(answers.undecided, answers.known)))};
  }
  return {Badge::Kind::kGood, "every verified answer was right"};
}

RunSummary Summarize(const RunResult& run) {
  const Measurements& measured = run.measured;
  RunSummary summary;
  const double seconds = std::max(run.seconds, 1e-9);
  summary.offered = static_cast<double>(measured.calls.scheduled) / seconds;
  summary.achieved = static_cast<double>(measured.arrived) / seconds;
  summary.goodput = static_cast<double>(measured.arrived_good) / seconds;
  summary.numbers = static_cast<double>(measured.arrived_numbers) / seconds;
  if (measured.total_ns > 0) {
    summary.busy = std::clamp(
        1 - static_cast<double>(measured.idle_ns) / static_cast<double>(measured.total_ns), 0.0,
        1.0);
  }
  if (measured.arrived > 0) {
    const auto calls = static_cast<double>(measured.arrived);
    summary.client_us_a_call = run.client_processor * 1e6 / calls;
    if (run.server_processor) {
      summary.server_us_a_call = *run.server_processor * 1e6 / calls;
      summary.server_ns_a_number =
          *run.server_processor * 1e9 / static_cast<double>(measured.arrived_numbers);
    }
  }
  JudgeRate(run, &summary);
  JudgeClient(run, &summary);
  JudgeCalls(run, &summary);
  return summary;
}

std::vector<std::string> Failures(const Report& report) {
  const AnswerTally answers = AllAnswers(report);
  uint64_t answered = 0;
  for (const RunResult& run : report.runs) {
    answered += run.measured.calls.answered + run.measured.arrived;
  }
  std::vector<std::string> failures;
  if (answers.wrongly_clear > 0) {
    failures.push_back(fmt::format("{} times a LISTED number was answered CLEAR",
                                   cli::WithCommas(answers.wrongly_clear)));
  }
  if (answers.wrongly_listed > 0) {
    failures.push_back(
        fmt::format("{} times a number that is on no list was answered LISTED (if the server holds "
                    "more than the lists named here, say --other-lists)",
                    cli::WithCommas(answers.wrongly_listed)));
  }
  if (answers.bad_answers > 0) {
    failures.push_back(fmt::format("{} answers had another length than asked, or were no message",
                                   cli::WithCommas(answers.bad_answers)));
  }
  if (IsNothingLoaded(answers)) {
    failures.push_back(
        "nothing is loaded that covers the numbers asked: every answer was NOT_COVERED, which "
        "costs "
        "the server less than a look at a list. Load the list first (`dncctl load`), and measure "
        "again");
  }
  if (!report.error.empty()) failures.push_back(report.error);
  if (report.runs.empty() && report.error.empty()) failures.push_back("nothing was measured");
  if (!report.runs.empty() && answered == 0 && !report.interrupted) {
    failures.push_back("no call was answered");
  }
  if (report.search && report.search->rate == 0 && !report.interrupted) {
    failures.push_back(
        fmt::format("no rate held a p99 below {} ms and held it again when it was confirmed; "
                    "measure longer, or from another machine",
                    report.search->limit_ms));
  }
  return failures;
}

std::vector<std::string> Warnings(const Report& report) {
  std::vector<std::string> warnings;
  if (report.interrupted) warnings.push_back("interrupted: the report holds what there was so far");
  for (const RunResult& run : report.runs) {
    if (run.probe) continue;  // a search tries rates that are too high
    for (const std::string& warning : Summarize(run).warnings) {
      warnings.push_back(report.runs.size() > 1 ? fmt::format("{}: {}", run.name, warning)
                                                : warning);
    }
  }
  return warnings;
}

std::string DurationText(double nanoseconds) {
  if (nanoseconds < 999.5) return fmt::format("{:.0f} ns", nanoseconds);
  double value = nanoseconds / 1e3;
  const char* unit = "µs";
  if (value >= 999.5) {
    value /= 1e3;
    unit = "ms";
  }
  if (value >= 999.5) {
    value /= 1e3;
    unit = "s";
  }
  return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, unit);
}

std::string PercentileText(const Histogram& histogram, double share) {
  return DurationText(static_cast<double>(histogram.Percentile(share)));
}

std::string RateText(double rate) {
  if (rate < 99.95) return fmt::format("{:.1f}", rate);
  return cli::WithCommas(static_cast<uint64_t>(std::llround(rate)));
}

std::string LargeText(double value) {
  if (value >= 1e6) return fmt::format("{:.3g} million", value / 1e6);
  return RateText(value);
}

std::string ServerText(const Report& report) {
  if (!report.status) return fmt::format("not known: {}", report.status_unknown);
  return fmt::format("dncd {}, revision {}, {} numbers", report.status->version(),
                     report.status->revision(), cli::WithCommas(report.status->numbers()));
}

std::string MachineText(const Machine& machine) {
  return fmt::format("{} x {}, {:.0f} GiB, Linux {}, {}", machine.cores, machine.processor,
                     machine.memory_gib, machine.kernel, machine.system);
}

std::string ServerMachineText(const Report& report) {
  if (!report.server_machine.empty()) return report.server_machine;
  if (report.same_machine) return "the same; client and server share its cores";
  return "another, not known; name it with --server-machine";
}

std::string ScheduleText(const RunResult& run) {
  const SchedulePlan& plan = run.plan;
  if (plan.spacing == Spacing::kClosed) {
    return fmt::format("closed loop, {} callers; latency counts from the send", plan.callers);
  }
  if (plan.spacing == Spacing::kGaps) {
    return fmt::format("a call every {} to {} s", plan.gap_least, plan.gap_most);
  }
  return fmt::format("{}, {} calls/s", plan.name, RateText(plan.MeanRate()));
}

}  // namespace dnc::load
