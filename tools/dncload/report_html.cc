#include "tools/dncload/report_html.h"

#include <algorithm>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "tools/dncctl/terminal.h"
#include "tools/dncload/report_plots.h"
#include "tools/dncload/report_style.h"
#include "tools/dncload/svg_plot.h"

namespace dnc::load {
namespace {

using ctl::WithCommas;

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
      "<title>dncload {} against {}</title><style>{}</style></head><body><main>\n",
      HtmlText(report.mode), HtmlText(report.server), kReportStyle);
  html += Head(report) + Cards(report) + Plots(report) + RunsTable(report) + ClientTable(report) +
          AnswersTable(report) + Facts(report);
  return html + "</main></body></html>\n";
}

}  // namespace dnc::load
