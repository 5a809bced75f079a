#include "tools/dncload/compare.h"

#include <array>
#include <cmath>
#include <fstream>
#include <utility>

#include "fmt/format.h"
#include "server/base/status_macros.h"
#include "tools/cli/terminal.h"
#include "tools/dncload/report_json.h"

namespace dnc::load {
namespace {

using Json = nlohmann::ordered_json;

struct Figure {
  const char* name;
  const char* path;  // JSON pointer within a run
};

constexpr std::array<Figure, 12> kFigures = {{
    {"offered calls/s", "/offered_per_s"},
    {"answered calls/s", "/answered_per_s"},
    {"good calls/s", "/good_per_s"},
    {"numbers/s", "/numbers_per_s"},
    {"p50 us", "/latency_us/p50"},
    {"p90 us", "/latency_us/p90"},
    {"p99 us", "/latency_us/p99"},
    {"p99.9 us", "/latency_us/p99_9"},
    {"p99.99 us", "/latency_us/p99_99"},
    {"max us", "/latency_us/max"},
    {"server us/call", "/server/processor_us_per_call"},
    {"client us/call", "/client/processor_us_per_call"},
}};

// These must be the same for the ratios to say something about the server.
constexpr std::array<Figure, 23> kConditions = {{
    {"mode", "/mode"},
    {"numbers a call", "/workload/batches"},
    {"share of hits", "/workload/hit_rate"},
    {"locality", "/workload/locality"},
    {"numbers on the server", "/server/numbers"},
    {"source of the numbers", "/workload/source"},
    {"count of different numbers", "/workload/pool_numbers"},
    {"registry on the server (its revision)", "/server/revision"},
    {"version of the server", "/server/version"},
    {"server's machine", "/server/machine"},
    {"place of the server (on the client's machine)", "/server/on_this_machine"},
    {"encryption (TLS)", "/server/tls"},
    {"use of a key", "/server/with_key"},
    {"client's machine", "/client_machine/processor"},
    {"client's cores", "/client_machine/cores"},
    {"client's kernel", "/client_machine/kernel"},
    {"version of dncload", "/dncload_version"},
    {"limit of p99 in ms", "/search/p99_limit_ms"},
    {"kind of schedule", "/runs/0/schedule/kind"},
    {"sender", "/runs/0/schedule/sender"},
    {"threads of the client", "/runs/0/schedule/threads"},
    {"connections of the client", "/runs/0/schedule/channels"},
    {"bound of calls under way", "/runs/0/schedule/max_in_flight"},
}};

// A share that is drawn at random differs a little with every seed.
constexpr double kSameShare = 0.01;
bool IsSame(const nlohmann::ordered_json& a, const nlohmann::ordered_json& b) {
  if (!a.is_number_float() || !b.is_number_float()) return a == b;
  return std::abs(a.get<double>() - b.get<double>()) <= kSameShare * std::abs(a.get<double>());
}

Json At(const Json& json, const char* path) {
  const Json::json_pointer pointer(path);
  return json.contains(pointer) ? json.at(pointer) : Json(nullptr);
}

double Ratio(double a, double b) { return a > 0 ? b / a : 0; }

void AddFigure(const std::string& run, const Figure& figure, const Json& a, const Json& b,
               Comparison* comparison) {
  const Json of_a = At(a, figure.path);
  const Json of_b = At(b, figure.path);
  if (!of_a.is_number() || !of_b.is_number()) return;
  const auto value_a = of_a.get<double>();
  const auto value_b = of_b.get<double>();
  comparison->figures.push_back({run, figure.name, value_a, value_b, Ratio(value_a, value_b)});
}

std::vector<Json> RunsOf(const Json& report) {
  std::vector<Json> runs;
  for (const Json& run : report.at("runs")) {
    if (run.is_object() && run.contains("name") && run["name"].is_string() &&
        !run.value("probe", false)) {
      runs.push_back(run);
    }
  }
  return runs;
}

void CompareRuns(const Json& a, const Json& b, Comparison* comparison) {
  const std::vector<Json> runs_a = RunsOf(a);
  const std::vector<Json> runs_b = RunsOf(b);
  std::vector<std::pair<Json, Json>> pairs;
  for (const Json& run : runs_a) {
    for (const Json& other : runs_b) {
      if (run["name"] != other["name"]) continue;
      pairs.emplace_back(run, other);
      break;
    }
  }
  if (pairs.empty() && runs_a.size() == 1 && runs_b.size() == 1) {
    pairs.emplace_back(runs_a[0], runs_b[0]);
  }
  if (pairs.size() < std::max(runs_a.size(), runs_b.size())) {
    comparison->warnings.push_back("runs that only one of the reports has are left out");
  }
  for (const auto& [run, other] : pairs) {
    const auto name = run["name"].get<std::string>();
    for (const Figure& figure : kFigures) AddFigure(name, figure, run, other, comparison);
    for (const auto& [side, which] : {std::pair{&run, "A"}, std::pair{&other, "B"}}) {
      if (At(*side, "/client/stalled") == Json(true)) {
        comparison->warnings.push_back(
            fmt::format("{}: the client of {} stalled; measure again", name, which));
      }
      if (At(*side, "/kept_up") != Json("yes")) {
        comparison->warnings.push_back(
            fmt::format("{}: {} did not keep up with its schedule", name, which));
      }
    }
  }
}

absl::Status CheckReport(const Json& json, const char* which) {
  if (json.is_object() && At(json, "/schema") == Json(kJsonSchema) &&
      At(json, "/runs").is_array()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "{} is no report of dncload with the schema {}; write one with --json", which, kJsonSchema));
}

}  // namespace

absl::StatusOr<Comparison> Compare(const Json& a, const Json& b) {
  DNC_RETURN_IF_ERROR(CheckReport(a, "A"));
  DNC_RETURN_IF_ERROR(CheckReport(b, "B"));
  Comparison comparison;
  AddFigure("search", {"highest calls/s", "/search/rate"}, a, b, &comparison);
  AddFigure("overload", {"peak good calls/s", "/overload/peak_good_per_s"}, a, b, &comparison);
  CompareRuns(a, b, &comparison);
  for (const Figure& condition : kConditions) {
    const Json of_a = At(a, condition.path);
    const Json of_b = At(b, condition.path);
    if (IsSame(of_a, of_b)) continue;
    comparison.unlike.push_back(
        fmt::format("other {}: {} and {}", condition.name, of_a.dump(), of_b.dump()));
  }
  for (const auto& [report, which] : {std::pair{&a, "A"}, std::pair{&b, "B"}}) {
    if (At(*report, "/ok") != Json(true)) {
      comparison.warnings.push_back(
          fmt::format("{} is a FAILURE; its figures count for nothing", which));
    }
  }
  return comparison;
}

absl::StatusOr<Json> ReadReport(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(fmt::format("{} can't be read", path));
  Json json = Json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return absl::InvalidArgumentError(fmt::format("{} is no JSON", path));
  return json;
}

void PrintComparison(const Comparison& comparison, const std::string& a, const std::string& b) {
  const cli::Style style(stdout);
  fmt::print("A {}\nB {}\n", cli::Printable(a), cli::Printable(b));
  if (!comparison.unlike.empty()) {
    fmt::print("{}\n", style.Warn("UNLIKE RUNS: the ratios compare more than two servers"));
    for (const std::string& condition : comparison.unlike) {
      fmt::print("  {}\n", cli::Printable(condition));
    }
  }
  cli::Table table({"RUN", "FIGURE", "A", "B", "B / A"}, {2, 3, 4});
  std::string last;
  for (const ComparedFigure& figure : comparison.figures) {
    table.AddRow({figure.run == last ? "" : figure.run, figure.figure,
                  fmt::format("{:.1f}", figure.a), fmt::format("{:.1f}", figure.b),
                  figure.ratio > 0 ? fmt::format("{:.3f}", figure.ratio) : "-"});
    last = figure.run;
  }
  table.Print(stdout);
  for (const std::string& warning : comparison.warnings) {
    fmt::print("note: {}\n", cli::Printable(warning));
  }
}

}  // namespace dnc::load
