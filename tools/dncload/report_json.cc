#include "tools/dncload/report_json.h"

#include <string>

#include "absl/time/time.h"
#include "tools/cli/names.h"

namespace dnc::load {
namespace {

using Json = nlohmann::ordered_json;

double Microseconds(uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; }

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json Quantiles(const Histogram& histogram) {
  Json json = {{"count", histogram.count()}, {"min", Microseconds(histogram.min())}};
  json["mean"] = histogram.mean() / 1e3;
  for (const auto& [name, share] : {std::pair<const char*, double>{"p50", 0.5},
                                    {"p90", 0.9},
                                    {"p99", 0.99},
                                    {"p99_9", 0.999},
                                    {"p99_99", 0.9999}}) {
    json[name] = Microseconds(histogram.Percentile(share));
  }
  json["max"] = Microseconds(histogram.max());
  return json;
}

Json Curve(const Histogram& histogram) {
  Json curve = Json::array();
  for (const double share : ReportedShares()) {
    curve.push_back({share, Microseconds(histogram.Percentile(share))});
  }
  return curve;
}

Json Series(const RunResult& run) {
  Json series = Json::array();
  const double width =
      run.plan.Seconds() / static_cast<double>(std::max<size_t>(run.measured.series.size(), 1));
  for (size_t i = 0; i < run.measured.series.size(); ++i) {
    const double at = static_cast<double>(i) * width;
    if (at >= run.seconds) break;
    const Interval& slice = run.measured.series[i];
    series.push_back({{"at_s", at},
                      {"offered_per_s", static_cast<double>(slice.scheduled) / width},
                      {"answered_per_s", static_cast<double>(slice.arrived) / width},
                      {"good_per_s", static_cast<double>(slice.good) / width},
                      {"refused_per_s", static_cast<double>(slice.refused) / width},
                      {"failed_per_s", static_cast<double>(slice.failed) / width},
                      {"p50_us", Microseconds(slice.latency.Percentile(0.5))},
                      {"p99_us", Microseconds(slice.latency.Percentile(0.99))},
                      {"max_us", Microseconds(slice.latency.max())}});
  }
  return series;
}

Json CallsJson(const CallCounts& calls) {
  return {{"scheduled", calls.scheduled}, {"answered", calls.answered}, {"refused", calls.refused},
          {"timed_out", calls.timed_out}, {"failed", calls.failed},     {"unsent", calls.unsent},
          {"held_back", calls.held}};
}

Json AnswersJson(const AnswerTally& answers) {
  Json verdicts = Json::object();
  for (size_t i = 0; i < answers.verdicts.size(); ++i) {
    if (answers.verdicts[i] == 0) continue;
    const bool last = i + 1 == answers.verdicts.size();
    verdicts[last ? "UNKNOWN" : cli::Name(static_cast<v1::Verdict>(i))] = answers.verdicts[i];
  }
  return {{"numbers", answers.numbers},
          {"verified", answers.known},
          {"wrongly_clear", answers.wrongly_clear},
          {"wrongly_listed", answers.wrongly_listed},
          {"undecided", answers.undecided},
          {"lifted", answers.lifted},
          {"listed_elsewhere", answers.listed_elsewhere},
          {"bad_answers", answers.bad_answers},
          {"verdicts", verdicts}};
}

Json ScheduleJson(const RunResult& run) {
  const SchedulePlan& plan = run.plan;
  Json steps = Json::array();
  for (const RateStep& step : plan.steps) {
    steps.push_back({{"seconds", step.seconds}, {"from", step.from}, {"to", step.to}});
  }
  return {{"kind", plan.name},
          {"open_loop", plan.spacing != Spacing::kClosed},
          {"rate", plan.MeanRate()},
          {"steps", steps},
          {"callers", plan.spacing == Spacing::kClosed ? plan.callers : 0},
          {"seconds", plan.Seconds()},
          {"warm_up_seconds", plan.warm_up},
          {"sender", Name(run.sender)},
          {"threads", run.threads},
          {"channels", run.channels},
          {"max_in_flight", run.max_in_flight}};
}

const char* KeptUpText(KeptUp kept_up) {
  if (kept_up == KeptUp::kYes) return "yes";
  return kept_up == KeptUp::kServerNot ? "server_not" : "client_not";
}

Json RunJson(const RunResult& run) {
  const RunSummary summary = Summarize(run);
  const Measurements& measured = run.measured;
  Json errors = Json::object();
  for (const auto& [kind, error] : measured.errors) {
    errors[kind] = {{"count", error.count}, {"example", error.example}};
  }
  return {{"name", run.name},
          {"probe", run.probe},
          {"schedule", ScheduleJson(run)},
          {"seconds", run.seconds},
          {"interrupted", run.interrupted},
          {"offered_per_s", summary.offered},
          {"answered_per_s", summary.achieved},
          {"good_per_s", summary.goodput},
          {"good_within_s", run.good_within},
          {"numbers_per_s", summary.numbers},
          {"kept_up", KeptUpText(summary.kept_up)},
          {"calls", CallsJson(measured.calls)},
          {"answers", AnswersJson(measured.answers)},
          {"latency_us", Quantiles(measured.latency)},
          {"latency_curve_us", Curve(measured.latency)},
          {"refusal_us", Quantiles(measured.refusal)},
          {"client",
           {{"stalled", summary.client_stalled},
            {"late_us", Quantiles(measured.lateness)},
            {"heartbeat_late_us", Quantiles(run.heartbeat)},
            {"busy", summary.busy},
            {"processor_s", run.client_processor},
            {"processor_us_per_call", summary.client_us_a_call},
            {"peak_in_flight", measured.peak_in_flight}}},
          {"server",
           {{"processor_s", OrNull(run.server_processor)},
            {"processor_us_per_call", OrNull(summary.server_us_a_call)},
            {"processor_ns_per_number", OrNull(summary.server_ns_a_number)},
            {"processor_unknown", run.server_processor_unknown}}},
          {"errors", errors},
          {"warnings", summary.warnings},
          {"series", Series(run)}};
}

Json MachineJson(const Machine& machine) {
  return {{"name", machine.name},     {"processor", machine.processor},
          {"cores", machine.cores},   {"memory_gib", machine.memory_gib},
          {"kernel", machine.kernel}, {"system", machine.system}};
}

Json ServerJson(const Report& report) {
  Json json = {{"address", report.server},
               {"tls", report.tls},
               {"with_key", report.keyed},
               {"tenant", report.tenant},
               {"on_this_machine", report.same_machine},
               {"machine", ServerMachineText(report)},
               {"version", nullptr},
               {"revision", nullptr},
               {"numbers", nullptr},
               {"unknown", report.status_unknown}};
  if (report.status) {
    json["version"] = report.status->version();
    json["revision"] = report.status->revision();
    json["numbers"] = report.status->numbers();
  }
  return json;
}

Json SearchJson(const SearchOutcome& search) {
  Json probes = Json::array();
  for (const Probe& probe : search.probes) {
    probes.push_back({{"rate", probe.rate},
                      {"p99_ms", probe.p99_ms},
                      {"good_per_s", probe.goodput},
                      {"passed", probe.passed},
                      {"client_stalled", probe.client_stalled},
                      {"why", probe.why}});
  }
  return {{"p99_limit_ms", search.limit_ms}, {"rate", search.rate}, {"probes", probes}};
}

}  // namespace

const std::vector<double>& ReportedShares() {
  static const auto* const shares = [] {
    auto* made = new std::vector<double>;
    double left = 1;
    for (int nines = 0; nines < 5; ++nines, left /= 10) {
      for (int tenth = 0; tenth < 18; ++tenth) made->push_back(1 - left * (1 - 0.05 * tenth));
    }
    made->push_back(1 - left);
    made->push_back(1);
    return made;
  }();
  return *shares;
}

Json ToJson(const Report& report) {
  const auto failures = Failures(report);
  Json json = {{"schema", kJsonSchema},
               {"mode", report.mode},
               {"ok", failures.empty()},
               {"failures", failures},
               {"warnings", Warnings(report)},
               {"headline", Headline(report)},
               {"client_caveat", ClientCaveat(report)},
               {"verified", BadgeOf(report).kind == Badge::Kind::kGood},
               {"interrupted", report.interrupted},
               {"started_at",
                absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", report.started_at, absl::UTCTimeZone())},
               {"seconds", report.seconds},
               {"command", report.command},
               {"dncload_version", report.version},
               {"server", ServerJson(report)},
               {"client_machine", MachineJson(report.client)},
               {"workload",
                {{"source", report.workload.source},
                 {"batches", report.workload.batches},
                 {"locality", report.workload.locality},
                 {"hit_rate", report.workload.hit_rate},
                 {"mean_batch", report.workload.mean_batch},
                 {"pool_numbers", report.workload.numbers},
                 {"seed", report.workload.seed}}}};
  json["search"] = report.search ? SearchJson(*report.search) : Json(nullptr);
  json["overload"] = report.overload ? Json{{"capacity", report.overload->capacity},
                                            {"peak_good_per_s", report.overload->peak_goodput}}
                                     : Json(nullptr);
  json["runs"] = Json::array();
  for (const RunResult& run : report.runs) json["runs"].push_back(RunJson(run));
  return json;
}

}  // namespace dnc::load
