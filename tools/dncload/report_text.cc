#include "tools/dncload/report_text.h"

#include <array>

#include "absl/strings/str_replace.h"
#include "fmt/format.h"
#include "tools/cli/names.h"
#include "tools/cli/terminal.h"

namespace dnc::load {
namespace {

using cli::Printable;
using cli::WithCommas;

void PrintHead(const Report& report, FILE* stream) {
  const cli::Style style(stream);
  fmt::print(stream, "{} {} against {}{}\n", style.Strong("dncload"), report.mode,
             Printable(report.server), report.tls ? " (TLS)" : "");
  fmt::print(stream, "server    {}\n", Printable(ServerText(report)));
  fmt::print(stream, "  on      {}\n", Printable(ServerMachineText(report)));
  fmt::print(stream, "client on {}\n", Printable(MachineText(report.client)));
  fmt::print(stream, "asked     {} numbers a call, {:.0f} % listed, {}, from {}\n",
             report.workload.batches, report.workload.hit_rate * 100, report.workload.locality,
             Printable(report.workload.source));
}

// Prints one run in full.
void PrintRun(const RunResult& run, FILE* stream) {
  const cli::Style style(stream);
  const RunSummary summary = Summarize(run);
  const Measurements& measured = run.measured;
  fmt::print(stream, "\n{}: {}, {:.3g} s after {:.3g} s of warm-up, {} threads, {} channels{}\n",
             style.Strong(run.name), ScheduleText(run), run.seconds, run.plan.warm_up, run.threads,
             run.channels, run.sender == SenderKind::kThin ? ", thin sender" : "");
  fmt::print(stream, "  rate      offered {} calls/s, answered {}, good (within {}) {}{}\n",
             RateText(summary.offered), RateText(summary.achieved),
             DurationText(run.good_within * 1e9), RateText(summary.goodput), ClientCaveat(summary));
  fmt::print(stream, "            {} numbers/s\n", LargeText(summary.numbers));
  fmt::print(stream, "  latency   p50 {}  p90 {}  p99 {}  p99.9 {}  p99.99 {}  max {}\n",
             PercentileText(measured.latency, 0.5), PercentileText(measured.latency, 0.9),
             PercentileText(measured.latency, 0.99), PercentileText(measured.latency, 0.999),
             PercentileText(measured.latency, 0.9999), PercentileText(measured.latency, 1));
  const CallCounts& calls = measured.calls;
  fmt::print(stream,
             "  calls     {} scheduled: {} answered, {} refused, {} timed out, {} failed, "
             "{} never sent\n",
             WithCommas(calls.scheduled), WithCommas(calls.answered), WithCommas(calls.refused),
             WithCommas(calls.timed_out), WithCommas(calls.failed), WithCommas(calls.unsent));
  fmt::print(stream, "  verified  {} of {} numbers: {} wrongly CLEAR, {} wrongly LISTED\n",
             WithCommas(measured.answers.known), WithCommas(measured.answers.numbers),
             WithCommas(measured.answers.wrongly_clear),
             WithCommas(measured.answers.wrongly_listed));
  fmt::print(stream,
             "  client    sends late by p50 {}  p99 {}  max {}; stood still for p99.9 {}  "
             "max {}; busy {:.0f} %\n",
             PercentileText(measured.lateness, 0.5), PercentileText(measured.lateness, 0.99),
             PercentileText(measured.lateness, 1), PercentileText(run.heartbeat, 0.999),
             PercentileText(run.heartbeat, 1), summary.busy * 100);
  fmt::print(stream, "  processor a call: client {:.1f} µs, server {}\n", summary.client_us_a_call,
             summary.server_us_a_call
                 ? fmt::format("{:.1f} µs ({:.1f} ns a number)", *summary.server_us_a_call,
                               *summary.server_ns_a_number)
                 : Printable(run.server_processor_unknown));
  for (const auto& [kind, error] : measured.errors) {
    fmt::print(stream, "  error     {} x {}: {}\n", WithCommas(error.count), Printable(kind),
               Printable(error.example));
  }
}

// Prints several runs, one line each.
void PrintTable(const Report& report, FILE* stream) {
  cli::Table table({"RUN", "OFFERED/S", "ANSWERED/S", "GOOD/S", "NUMBERS/S", "p50", "p99", "p99.9",
                    "MAX", "REFUSED", "CLIENT"},
                   {1, 2, 3, 4, 5, 6, 7, 8, 9});
  for (const RunResult& run : report.runs) {
    const RunSummary summary = Summarize(run);
    const Histogram& latency = run.measured.latency;
    const auto text = [&](double share) {
      // The table counts bytes, so a plain u keeps its columns straight.
      return absl::StrReplaceAll(PercentileText(latency, share), {{"µ", "u"}});
    };
    table.AddRow({run.name, RateText(summary.offered), RateText(summary.achieved),
                  RateText(summary.goodput), LargeText(summary.numbers), text(0.5), text(0.99),
                  text(0.999), text(1), WithCommas(run.measured.calls.refused),
                  summary.client_stalled                  ? "STALLED"
                  : summary.kept_up == KeptUp::kClientNot ? "BEHIND"
                                                          : "ok"});
  }
  fmt::print(stream, "\n");
  table.Print(stream);
}

void PrintOutcome(const Report& report, FILE* stream) {
  const cli::Style style(stream);
  if (report.search) {
    fmt::print(stream, "\n{}\n", style.Strong(Headline(report)));
    for (const Probe& probe : report.search->probes) {
      fmt::print(stream, "  {:>12} calls/s  p99 {:>8.2f} ms  {}{}\n", RateText(probe.rate),
                 probe.p99_ms, probe.passed ? "held" : "missed: ", probe.why);
    }
  }
  if (report.overload && report.overload->peak_goodput > 0) {
    fmt::print(stream, "\n{}\n", style.Strong("goodput against its peak"));
    for (const RunResult& run : report.runs) {
      if (run.probe) continue;
      const RunSummary summary = Summarize(run);
      fmt::print(stream, "  {:<20} {:>12} calls/s  {:>5.1f} %  of {} offered{}\n", run.name,
                 RateText(summary.goodput), 100 * summary.goodput / report.overload->peak_goodput,
                 RateText(summary.offered), ClientCaveat(summary));
    }
  }
}

void PrintConclusion(const Report& report, FILE* stream) {
  const cli::Style style(stream);
  for (const std::string& warning : Warnings(report)) {
    fmt::print(stream, "{} {}\n", style.Warn("note:"), Printable(warning));
  }
  for (const std::string& failure : Failures(report)) {
    fmt::print(stream, "{} {}\n", style.Bad("FAILURE:"), Printable(failure));
  }
}

}  // namespace

void PrintText(const Report& report, FILE* stream) {
  PrintHead(report, stream);
  if (report.runs.size() > 1) PrintTable(report, stream);
  const bool several = report.runs.size() > 1 && (!report.search || report.overload);
  for (const RunResult& run : report.runs) {
    if (!several && !(report.search && run.probe)) PrintRun(run, stream);
  }
  PrintOutcome(report, stream);
  fmt::print(stream, "\n");
  PrintConclusion(report, stream);
  const cli::Style style(stream);
  const Badge badge = BadgeOf(report);
  if (badge.kind == Badge::Kind::kFailure) return;
  fmt::print(stream, "{}\n",
             badge.kind == Badge::Kind::kGood ? style.Good(badge.text) : style.Warn(badge.text));
}

void PrintBrief(const Report& report, FILE* stream) {
  for (const RunResult& run : report.runs) {
    const RunSummary summary = Summarize(run);
    const Histogram& latency = run.measured.latency;
    fmt::print(
        stream, "{:>12} numbers a call, {}: {:>9} calls/s {:>13} numbers/s   p50 {}  p99 {}{}\n",
        report.workload.batches, run.name, RateText(summary.achieved), LargeText(summary.numbers),
        PercentileText(latency, 0.5), PercentileText(latency, 0.99), ClientCaveat(summary));
  }
  PrintConclusion(report, stream);
}

}  // namespace dnc::load
