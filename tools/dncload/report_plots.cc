#include "tools/dncload/report_plots.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "fmt/format.h"
#include "tools/cli/svg_plot.h"
#include "tools/dncload/report_json.h"

namespace dnc::load {
namespace {

using cli::Plot;
using cli::PlotAxis;
using cli::PlotSeries;
using cli::RenderPlot;

constexpr size_t kMaxLines = 8;
constexpr double kFlattens = 3;  // times the rest

// Returns "20 µs", "5 ms": a round value on an axis.
std::string TickDuration(double nanoseconds) {
  for (const auto& [unit, size] :
       {std::pair<const char*, double>{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}}) {
    if (nanoseconds >= size * 0.9999) return fmt::format("{:.3g} {}", nanoseconds / size, unit);
  }
  return fmt::format("{:.3g} ns", nanoseconds);
}

std::string TickRate(double rate) {
  if (rate >= 1e6) return fmt::format("{:.3g}M", rate / 1e6);
  if (rate >= 1e4) return fmt::format("{:.3g}k", rate / 1e3);
  return fmt::format("{:.4g}", rate);
}

std::string TickSeconds(double seconds) { return fmt::format("{:.3g}", seconds); }

PlotAxis LatencyAxis() { return {.log = true, .format = TickDuration}; }

double Ns(uint64_t nanoseconds) { return static_cast<double>(nanoseconds); }

// Returns the runs that a plot over rates shows, by ascending rate.
std::vector<const RunResult*> ByRate(const Report& report) {
  std::vector<const RunResult*> runs;
  for (const RunResult& run : report.runs) {
    if (run.plan.spacing == Spacing::kClosed) continue;
    // If a rate was tried several times, the last try counts.
    std::erase_if(runs, [&run](const RunResult* earlier) {
      return earlier->plan.MeanRate() == run.plan.MeanRate();
    });
    runs.push_back(&run);
  }
  std::stable_sort(runs.begin(), runs.end(), [](const RunResult* a, const RunResult* b) {
    return a->plan.MeanRate() < b->plan.MeanRate();
  });
  return runs;
}

PlotAxis RateAxis(const std::vector<const RunResult*>& runs) {
  const bool wide =
      runs.size() > 1 && runs.back()->plan.MeanRate() > 20 * runs.front()->plan.MeanRate();
  return {.title = "offered calls a second", .log = wide, .format = TickRate};
}

double SecondsAt(const RunResult& run, size_t slice) {
  return run.plan.Seconds() * (static_cast<double>(slice) + 0.5) /
         static_cast<double>(run.measured.series.size());
}

// Returns the slices that a run reached.
size_t SlicesOf(const RunResult& run) {
  const double share = std::min(1.0, run.seconds / run.plan.Seconds());
  return static_cast<size_t>(std::floor(share * static_cast<double>(run.measured.series.size())));
}

}  // namespace

std::string PercentilePlot(const Report& report) {
  Plot plot;
  plot.title = "Latency by percentile";
  plot.caption =
      "From the scheduled send time. Read at 99.9: one call in a thousand took at least as long. "
      "A curve that rises early is a queue; one that rises only at the right edge is a rare stall.";
  plot.y = LatencyAxis();
  plot.x = {.title = "percentile"};
  double least_left = 1;
  for (size_t i = 0; i < report.runs.size() && plot.series.size() < kMaxLines; ++i) {
    const RunResult& run = report.runs[i];
    const Histogram& latency = run.measured.latency;
    if (latency.count() == 0 || run.probe) continue;
    PlotSeries series{.label = run.name, .colour = plot.series.size()};
    // Nothing is known beyond the slowest call.
    const double last = 1 / Ns(latency.count());
    for (const double share : ReportedShares()) {
      if (1 - share < last) break;
      series.points.emplace_back(-std::log10(1 - share), Ns(latency.Percentile(share)));
    }
    series.points.emplace_back(-std::log10(last), Ns(latency.max()));
    least_left = std::min(least_left, last);
    plot.series.push_back(std::move(series));
  }
  const double widest = std::max(-std::log10(least_left), 1.0);
  const std::vector<std::pair<double, std::string>> ticks = {
      {0, "0"},    {0.30103, "50"}, {1, "90"},     {2, "99"},
      {3, "99.9"}, {4, "99.99"},    {5, "99.999"}, {6, "99.9999"}};
  for (const auto& tick : ticks) {
    if (tick.first <= widest + 1e-6) plot.x.ticks.push_back(tick);
  }
  return RenderPlot(plot);
}

std::string LatencyOverRatePlot(const Report& report) {
  const auto runs = ByRate(report);
  if (runs.size() < 2) return "";
  Plot plot;
  plot.title = "Latency over the offered rate";
  plot.caption = "Where the lines turn upwards the server (or the client) begins to queue.";
  plot.x = RateAxis(runs);
  plot.y = LatencyAxis();
  size_t colour = 0;
  for (const auto& [label, share] :
       {std::pair<const char*, double>{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}}) {
    PlotSeries series{.label = label, .colour = colour++, .dots = true};
    for (const RunResult* run : runs) {
      const Histogram& latency = run->measured.latency;
      if (latency.count() == 0) continue;
      series.points.emplace_back(run->plan.MeanRate(), Ns(latency.Percentile(share)));
    }
    plot.series.push_back(std::move(series));
  }
  if (report.search) {
    plot.marks.push_back(
        {report.search->limit_ms * 1e6, fmt::format("limit {} ms", report.search->limit_ms)});
  }
  return RenderPlot(plot);
}

std::string GoodputOverRatePlot(const Report& report) {
  const auto runs = ByRate(report);
  if (runs.size() < 2) return "";
  Plot plot;
  plot.title = "Goodput over the offered rate";
  plot.caption =
      "Good answers are right and in time. A sound server stays flat beyond its highest rate and "
      "refuses the rest; one that falls collapses under overload.";
  plot.x = RateAxis(runs);
  plot.y = {.title = "calls a second", .log = plot.x.log, .format = TickRate, .from_zero = true};
  PlotSeries offered{.label = "offered", .colour = 5, .dashed = true, .dots = true};
  PlotSeries answered{.label = "answered", .colour = 0, .dots = true};
  PlotSeries good{.label = "good", .colour = 2, .dots = true};
  double most_offered = 0;
  double most_answered = 0;
  for (const RunResult* run : runs) {
    const RunSummary summary = Summarize(*run);
    const double rate = run->plan.MeanRate();
    most_offered = std::max(most_offered, summary.offered);
    most_answered = std::max(most_answered, summary.achieved);
    offered.points.emplace_back(rate, summary.offered);
    answered.points.emplace_back(rate, summary.achieved);
    good.points.emplace_back(rate, summary.goodput);
  }
  // If the offered rate is far above what was answered, its line would flatten all others.
  plot.y.log = plot.y.log || most_offered > kFlattens * most_answered;
  plot.series = {std::move(offered), std::move(answered), std::move(good)};
  return RenderPlot(plot);
}

std::string ProcessorOverRatePlot(const Report& report) {
  const auto runs = ByRate(report);
  if (runs.size() < 2) return "";
  Plot plot;
  plot.title = "Processor time a call over the offered rate";
  plot.caption =
      "A client that has little to do looks for answers without pause, so its time falls with the "
      "rate; a sound server's stays level, or falls as calls share wake-ups.";
  plot.x = RateAxis(runs);
  plot.y = {.log = true, .format = TickDuration};
  PlotSeries server{.label = "server", .colour = 3, .dots = true};
  PlotSeries client{.label = "client", .colour = 5, .dashed = true, .dots = true};
  for (const RunResult* run : runs) {
    const RunSummary summary = Summarize(*run);
    const double rate = run->plan.MeanRate();
    if (summary.client_us_a_call > 0) {
      client.points.emplace_back(rate, summary.client_us_a_call * 1e3);
    }
    if (summary.server_us_a_call && *summary.server_us_a_call > 0) {
      server.points.emplace_back(rate, *summary.server_us_a_call * 1e3);
    }
  }
  if (!server.points.empty()) plot.series.push_back(std::move(server));
  plot.series.push_back(std::move(client));
  return RenderPlot(plot);
}

std::string LatencyOverTimePlot(const RunResult& run) {
  Plot plot;
  plot.title = fmt::format("{}: latency over time", run.name);
  plot.caption = "Each call stands at the time for which it was scheduled.";
  plot.x = {.title = "seconds", .format = TickSeconds};
  plot.y = LatencyAxis();
  PlotSeries p50{.label = "p50", .colour = 0};
  PlotSeries p99{.label = "p99", .colour = 1};
  PlotSeries max{.label = "max", .colour = 3};
  for (size_t i = 0; i < SlicesOf(run); ++i) {
    const Histogram& latency = run.measured.series[i].latency;
    if (latency.count() == 0) continue;
    const double at = SecondsAt(run, i);
    p50.points.emplace_back(at, Ns(latency.Percentile(0.5)));
    p99.points.emplace_back(at, Ns(latency.Percentile(0.99)));
    max.points.emplace_back(at, Ns(latency.max()));
  }
  plot.series = {std::move(max), std::move(p99), std::move(p50)};
  return RenderPlot(plot);
}

std::string RatesOverTimePlot(const RunResult& run) {
  Plot plot;
  plot.title = fmt::format("{}: rates over time", run.name);
  plot.caption = "Offered by the schedule; answers and refusals at the time when they arrived.";
  plot.x = {.title = "seconds", .format = TickSeconds};
  plot.y = {.title = "calls a second", .format = TickRate, .from_zero = true};
  PlotSeries offered{.label = "offered", .colour = 5, .dashed = true};
  PlotSeries good{.label = "good", .colour = 2};
  PlotSeries refused{.label = "refused", .colour = 1};
  PlotSeries failed{.label = "failed", .colour = 3};
  const double width =
      run.plan.Seconds() / static_cast<double>(std::max<size_t>(run.measured.series.size(), 1));
  for (size_t i = 0; i < SlicesOf(run); ++i) {
    const Interval& slice = run.measured.series[i];
    const double at = SecondsAt(run, i);
    offered.points.emplace_back(at, static_cast<double>(slice.scheduled) / width);
    good.points.emplace_back(at, static_cast<double>(slice.good) / width);
    refused.points.emplace_back(at, static_cast<double>(slice.refused) / width);
    failed.points.emplace_back(at, static_cast<double>(slice.failed) / width);
  }
  plot.series = {std::move(offered), std::move(good)};
  if (run.measured.calls.refused > 0) plot.series.push_back(std::move(refused));
  if (run.measured.calls.failed + run.measured.calls.timed_out > 0) {
    plot.series.push_back(std::move(failed));
  }
  return RenderPlot(plot);
}

}  // namespace dnc::load
