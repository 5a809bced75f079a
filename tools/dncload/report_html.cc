#include "tools/dncload/report_html.h"

#include <algorithm>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "tools/cli/svg_plot.h"
#include "tools/cli/terminal.h"
#include "tools/dncload/report_plots.h"

namespace dnc::load {
namespace {

// The page's style sheet, without what its plots add (cli::PlotStyle).
constexpr char kReportStyle[] = R"css(
:root { color-scheme: light dark; --back: #f6f7f9; --paper: #fff; --ink: #16202c; --soft: #5b6776;
  --rule: #e3e7ec; --good: #0a7f4f; --bad: #c02626; --warn: #8a5a00; --warnback: #fff5dc;
  --badback: #fde8e8; --goodback: #e2f6ec; --c0: #2563eb; --c1: #e07b00; --c2: #0e9384;
  --c3: #d92d4a; --c4: #7a4fd6; --c5: #7b8794; --c6: #a04e9b; --c7: #6b8e23;
  --c8: #8a5a44; --c9: #0078a8; --c10: #5d6d31; }
@media (prefers-color-scheme: dark) { :root { --back: #11161d; --paper: #1a212b; --ink: #e6ebf1;
  --soft: #9aa7b5; --rule: #2c3642; --good: #4fd39a; --bad: #ff8080; --warn: #ffcf70;
  --warnback: #3a2f14; --badback: #40191b; --goodback: #12352a; --c0: #6ea1ff; --c1: #ffa53d;
  --c2: #3fd0bf; --c3: #ff7a90; --c4: #b396ff; --c5: #8c99a7; --c6: #e08fda; --c7: #b3d465;
  --c8: #d1a389; --c9: #5cc4ee; --c10: #c0cf8c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 14px; }
h1 { margin: 0; font-size: 26px; letter-spacing: -.01em; } h1 span { color: var(--c0); }
h2 { font-size: 18px; margin: 36px 0 10px; }
.pill { margin: 0; padding: 3px 12px; border-radius: 99px; font-size: 13px; font-weight: 600; }
.pill.good { color: var(--good); background: var(--goodback); }
.pill.doubt { color: var(--warn); background: var(--warnback); }
.pill.bad { color: var(--bad); background: var(--badback); }
.sub { flex-basis: 100%; margin: 0; color: var(--soft); }
.note { margin: 10px 0 0; padding: 9px 14px; border-radius: 8px; color: var(--warn);
  background: var(--warnback); }
.note.bad { color: var(--bad); background: var(--badback); font-weight: 600; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
  margin-top: 22px; }
.card { background: var(--paper); border: 1px solid var(--rule); border-radius: 12px;
  padding: 14px 16px; }
.card b { display: block; font-size: 23px; font-weight: 650; letter-spacing: -.02em;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.card span { color: var(--soft); font-size: 13px; }
.of { margin: 8px 2px 0; color: var(--soft); font-size: 13px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(520px, 100%), 1fr));
  gap: 14px; margin-top: 18px; }
figure { margin: 0; background: var(--paper); border: 1px solid var(--rule); border-radius: 12px;
  padding: 14px 16px 10px; break-inside: avoid; }
figure p { margin: 4px 0 2px; color: var(--soft); font-size: 12.5px; }
.unit { color: var(--soft); font-size: 13px; margin-left: 6px; }
.keys { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 13px; color: var(--soft);
  margin: 2px 0 6px; }
.key i { display: inline-block; width: 16px; height: 0; border-top: 3px solid; border-radius: 2px;
  margin-right: 6px; vertical-align: middle; }
.key .dashed { border-top-style: dashed; }
svg { display: block; width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; background: var(--paper); border: 1px solid var(--rule);
  border-radius: 12px; font-size: 13.5px; font-variant-numeric: tabular-nums; width: 100%; }
th, td { padding: 6px 10px; text-align: left; border-bottom: 1px solid var(--rule);
  vertical-align: top; overflow-wrap: anywhere; }
table:not(.runs) th { width: 260px; font-weight: 500; color: var(--soft); }
.runs { font-size: 13px; } .runs th, .runs td { padding: 6px 8px; }
.runs td { text-align: right; white-space: nowrap; } .runs td.text { text-align: left; }
.runs th { white-space: nowrap; font-weight: 600; } .runs thead th { color: var(--soft);
  font-weight: 500; text-align: right; } .runs thead th:first-child { text-align: left; }
td.stalled { color: var(--bad); font-weight: 600; } td.fine { color: var(--good); }
tr:last-child th, tr:last-child td { border-bottom: 0; }
@media print { body { background: #fff; } .plots { grid-template-columns: 1fr 1fr; } }
)css";

using cli::HtmlText;
using cli::WithCommas;

constexpr size_t kMaxTimePlots = 6;

std::string Card(const std::string& value, const std::string& label) {
  return fmt::format("<div class=\"card\"><b>{}</b><span>{}</span></div>", HtmlText(value),
                     HtmlText(label));
}

std::string Row(const std::string& name, const std::string& value) {
  return fmt::format("<tr><th>{}</th><td>{}</td></tr>", HtmlText(name), HtmlText(value));
}

const char* PillClass(Badge::Kind kind) {
  if (kind == Badge::Kind::kGood) return "good";
  return kind == Badge::Kind::kDoubt ? "doubt" : "bad";
}

std::string Head(const Report& report) {
  const Badge badge = BadgeOf(report);
  std::string html = fmt::format(
      "<header><h1>dncload <span>{}</span></h1><p class=\"pill {}\">{}</p>"
      "<p class=\"sub\">{}{} · {} · {:.0f} s in all</p></header>\n",
      HtmlText(report.mode), PillClass(badge.kind), HtmlText(badge.text), HtmlText(report.server),
      report.tls ? " (TLS)" : "",
      absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", report.started_at, absl::UTCTimeZone()),
      report.seconds);
  for (const std::string& failure : Failures(report)) {
    html += fmt::format("<p class=\"note bad\">{}</p>\n", HtmlText(failure));
  }
  for (const std::string& warning : Warnings(report)) {
    html += fmt::format("<p class=\"note\">{}</p>\n", HtmlText(warning));
  }
  return html;
}

std::string Cards(const Report& report) {
  const RunResult* run = MainRun(report);
  if (run == nullptr) return "";
  const RunSummary summary = Summarize(*run);
  const Histogram& latency = run->measured.latency;
  const std::string caveat = ClientCaveat(report);
  const std::string doubt = caveat.empty() ? "" : " – " + caveat;
  std::string html = "<section class=\"cards\">";
  if (report.search) {
    html += Card(RateText(report.search->rate),
                 fmt::format("calls/s is the highest rate with p99 below {} ms{}",
                             report.search->limit_ms, doubt));
  } else {
    html += Card(RateText(summary.achieved),
                 fmt::format("calls/s answered of {} offered{}", RateText(summary.offered), doubt));
  }
  html += Card(LargeText(summary.numbers), "numbers/s answered");
  html += Card(PercentileText(latency, 0.5), "p50");
  html += Card(PercentileText(latency, 0.99), "p99");
  html += Card(PercentileText(latency, 0.999), "p99.9");
  if (report.overload && report.overload->peak_goodput > 0) {
    const RunResult& last = report.runs.back();
    html +=
        Card(fmt::format("{:.0f} %", 100 * Summarize(last).goodput / report.overload->peak_goodput),
             fmt::format("of its peak is the goodput at {}, of {} calls/s offered{}", last.name,
                         RateText(Summarize(last).offered), ClientCaveat(Summarize(last))));
  }
  if (summary.server_us_a_call) {
    html += Card(DurationText(*summary.server_us_a_call * 1e3), "server's processor time a call");
  }
  html += "</section>\n";
  if (report.runs.size() > 1) {
    html += fmt::format("<p class=\"of\">These figures are of the run “{}”.</p>\n",
                        HtmlText(run->name));
  }
  return html;
}

std::string Plots(const Report& report) {
  std::string html = "<section class=\"plots\">\n";
  html += PercentilePlot(report);
  html += LatencyOverRatePlot(report);
  html += GoodputOverRatePlot(report);
  html += ProcessorOverRatePlot(report);
  size_t shown = 0;
  for (const RunResult& run : report.runs) {
    if (run.measured.series.size() < 2 || shown == kMaxTimePlots) continue;
    ++shown;
    html += LatencyOverTimePlot(run);
    html += RatesOverTimePlot(run);
  }
  return html + "</section>\n";
}

std::string RunsTable(const Report& report) {
  std::string html =
      "<h2>Runs</h2><div class=\"wide\"><table class=\"runs\"><thead><tr><th>run</th>"
      "<th>offered/s</th><th>answered/s</th><th>good/s</th><th>numbers/s</th>"
      "<th>p50</th><th>p90</th><th>p99</th><th>p99.9</th><th>max</th><th>refused</th>"
      "<th>failed</th><th>server µs</th><th>client µs</th></tr></thead><tbody>\n";
  for (const RunResult& run : report.runs) {
    const RunSummary summary = Summarize(run);
    const Histogram& latency = run.measured.latency;
    const CallCounts& calls = run.measured.calls;
    html += fmt::format("<tr><th>{}</th>", HtmlText(run.name));
    for (const std::string& cell :
         {RateText(summary.offered), RateText(summary.achieved), RateText(summary.goodput),
          LargeText(summary.numbers), PercentileText(latency, 0.5), PercentileText(latency, 0.9),
          PercentileText(latency, 0.99), PercentileText(latency, 0.999), PercentileText(latency, 1),
          WithCommas(calls.refused), WithCommas(calls.failed + calls.timed_out + calls.unsent),
          summary.server_us_a_call ? fmt::format("{:.1f}", *summary.server_us_a_call)
                                   : std::string("–"),
          fmt::format("{:.1f}", summary.client_us_a_call)}) {
      html += fmt::format("<td>{}</td>", cell);
    }
    html += "</tr>\n";
  }
  html += "</tbody></table></div>\n";
  return html +
         "<p class=\"of\">failed: also timed out and never sent; µs: processor time a call</p>\n";
}

std::string ClientTable(const Report& report) {
  std::string html =
      "<h2>The client itself</h2><p>What the load tester did wrong is not the server’s latency: "
      "how late it sent, how long its machine let it stand still, and how busy it was.</p>"
      "<div class=\"wide\"><table class=\"runs\"><thead><tr><th>run</th><th>sends late p50</th>"
      "<th>p99</th><th>max</th><th>stood still p99.9</th><th>max</th><th>busy</th>"
      "<th>held back</th><th>under way, most</th><th></th></tr></thead><tbody>\n";
  for (const RunResult& run : report.runs) {
    const RunSummary summary = Summarize(run);
    const Histogram& late = run.measured.lateness;
    html += fmt::format(
        "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.0f} %</td>"
        "<td>{}</td><td>{} of {}</td><td class=\"{}\">{}</td></tr>\n",
        HtmlText(run.name), PercentileText(late, 0.5), PercentileText(late, 0.99),
        PercentileText(late, 1), PercentileText(run.heartbeat, 0.999),
        PercentileText(run.heartbeat, 1), summary.busy * 100,
        WithCommas(run.measured.calls.held + run.measured.calls.unsent),
        WithCommas(run.measured.peak_in_flight),
        WithCommas(static_cast<uint64_t>(run.max_in_flight)),
        summary.client_stalled ? "stalled" : "fine", summary.client_stalled ? "stalled" : "fine");
  }
  return html + "</tbody></table></div>\n";
}

std::string AnswersTable(const Report& report) {
  AnswerTally answers;
  Measurements errors;
  for (const RunResult& run : report.runs) {
    answers.Merge(run.measured.answers);
    for (const auto& [kind, error] : run.measured.errors) {
      errors.CountError(kind, error.example, error.count);
    }
  }
  std::string html = "<h2>Answers</h2><table>";
  html += Row("numbers answered", WithCommas(answers.numbers));
  html += Row("verified against the list", WithCommas(answers.known));
  html += Row("listed, but answered CLEAR", WithCommas(answers.wrongly_clear));
  html += Row("unlisted, but answered LISTED", WithCommas(answers.wrongly_listed));
  html += Row("known, but answered neither", WithCommas(answers.undecided));
  if (answers.lifted + answers.listed_elsewhere > 0) {
    html += Row("lifted by a consent or relationship", WithCommas(answers.lifted));
    html += Row("listed elsewhere", WithCommas(answers.listed_elsewhere));
  }
  html += Row("answers of a wrong length", WithCommas(answers.bad_answers));
  for (const auto& [kind, error] : errors.errors) {
    html += Row(fmt::format("{} × {}", WithCommas(error.count), kind), error.example);
  }
  return html + "</table>\n";
}

std::string Facts(const Report& report) {
  const WorkloadFacts& workload = report.workload;
  std::string html = "<h2>What was measured</h2><table>";
  html += Row("server", ServerText(report));
  html += Row("its machine", ServerMachineText(report));
  html += Row("client’s machine", MachineText(report.client));
  if (report.runs.size() == 1) {
    const RunResult& run = report.runs.front();
    html += Row("schedule", fmt::format("{}, {:.3g} s after {:.3g} s of warm-up", ScheduleText(run),
                                        run.seconds, run.plan.warm_up));
  }
  html += Row("numbers a call", workload.batches);
  html += Row("numbers",
              fmt::format("{}; {:.0f} % listed; {} in the questions; from {}", workload.locality,
                          workload.hit_rate * 100, WithCommas(workload.numbers), workload.source));
  html += Row("as", report.tenant.empty() ? (report.keyed ? "the key’s tenant" : "no key")
                                          : "tenant " + report.tenant);
  html += Row("command", report.command);
  html += Row("dncload", report.version);
  return html + "</table>\n";
}

}  // namespace

std::string ToHtml(const Report& report) {
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<title>dncload {} against {}</title><style>{}{}</style></head><body><main>\n",
      HtmlText(report.mode), HtmlText(report.server), kReportStyle, cli::PlotStyle());
  html += Head(report) + Cards(report) + Plots(report) + RunsTable(report) + ClientTable(report) +
          AnswersTable(report) + Facts(report);
  return html + "</main></body></html>\n";
}

}  // namespace dnc::load
