// dncload: puts a running dncd under load, verifies its answers, and measures.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <thread>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "server/base/status_macros.h"
#include "tools/cli/output_file.h"
#include "tools/cli/proto_json.h"
#include "tools/cli/terminal.h"
#include "tools/cli/tool_main.h"
#include "tools/dncgen/base_set.h"
#include "tools/dncload/command_line.h"
#include "tools/dncload/compare.h"
#include "tools/dncload/live_view.h"
#include "tools/dncload/modes.h"
#include "tools/dncload/number_file.h"
#include "tools/dncload/report_html.h"
#include "tools/dncload/report_json.h"
#include "tools/dncload/report_text.h"

namespace dnc::load {
namespace {

using ModeFunction = absl::Status (Session::*)();

constexpr int kExitInterrupted = 130;
constexpr size_t kMaxRuns = 200;  // of a sweep; a report keeps all of them in memory
constexpr char kFooter[] =
    "Exit codes:\n"
    "  0    measured, and every verified answer was right\n"
    "  1    a wrong answer, no answer, or another error; the report tells\n"
    "  2    usage\n"
    "  130  interrupted by Ctrl-C: the report holds what there was; a second Ctrl-C ends at once";

std::atomic<bool> g_stop{false};

void HandleInterrupt(int /*signal*/) { g_stop = true; }

void CatchInterrupts() {
  struct sigaction action {};
  action.sa_handler = HandleInterrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

absl::StatusOr<Workload> MakeWorkload(const Options& options, WorkloadFacts* facts) {
  WorkloadOptions wanted = options.workload;
  DNC_ASSIGN_OR_RETURN(wanted.batches, ParseBatches(options.batches));
  wanted.campaign_areas = options.locality == "campaign" ? options.campaign_areas : 0;
  facts->batches = options.batches;
  facts->seed = wanted.seed;
  if (!options.numbers.empty()) {
    facts->source = options.numbers;
    facts->locality = "the file's numbers in its order";
    DNC_ASSIGN_OR_RETURN(const auto numbers,
                         ReadNumberFile(options.numbers, options.column, wanted.pool_numbers));
    return Workload::FromNumbers(numbers, wanted);
  }
  facts->source = options.base;
  facts->locality = wanted.campaign_areas == 0
                        ? "all area codes"
                        : fmt::format("a campaign in {} area codes", wanted.campaign_areas);
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  DNC_ASSIGN_OR_RETURN(BaseSet base, BaseSet::Read(options.base, cores));
  if (!options.changes.empty()) {
    facts->source += " with " + options.changes;
    DNC_RETURN_IF_ERROR(base.Apply(options.changes));
  }
  return Workload::FromBase(base, wanted);
}

void FillFacts(const Target& target, const Options& options, Report* report) {
  report->version = DNC_VERSION;
  report->started_at = absl::Now();
  report->server = target.options().server;
  report->tls = target.tls();
  report->keyed = !target.options().key.empty();
  report->tenant = target.options().tenant;
  report->client = ThisMachine();
  report->server_machine = options.server_machine;
  report->same_machine = target.IsHere() || options.server_pid > 0;
  const auto status = target.Status(options.run.connect_timeout);
  if (status.ok()) {
    report->status = *status;
  } else {
    report->status_unknown = std::string(status.status().message());
  }
}

absl::Status Measure(const Options& options, ModeFunction mode, Report* report) {
  DNC_ASSIGN_OR_RETURN(const Workload workload, MakeWorkload(options, &report->workload));
  report->workload.numbers = workload.numbers();
  report->workload.mean_batch = workload.mean_batch();
  report->workload.hit_rate =
      static_cast<double>(workload.listed()) / static_cast<double>(workload.numbers());
  DNC_ASSIGN_OR_RETURN(const Target target, Target::Make(options.target));
  const absl::Time begun = absl::Now();
  FillFacts(target, options, report);
  const ServerProcessor processor(options.server_pid, options.server_metrics);
  const auto view = MakeLiveView();
  const RunParts parts = {target, workload, processor, g_stop};
  Session session(parts, options, view.get(), report);
  const absl::Status status = (session.*mode)();
  report->seconds = absl::ToDoubleSeconds(absl::Now() - begun);
  return status;
}

// Finds out before the run, which may take hours, whether its report can be written to this path.
absl::Status CheckWritable(const std::string& path) {
  if (path.empty() || path == "-") return absl::OkStatus();
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  if (access(folder.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "{}: {}; name a file in a folder that can be written", path, std::strerror(errno)));
}

absl::Status WriteFile(const std::string& path, const std::string& content) {
  DNC_ASSIGN_OR_RETURN(const auto file, cli::OutputFile::Open(path));
  DNC_RETURN_IF_ERROR(file->Write(content));
  return file->Commit();
}

absl::Status WriteReport(const Options& options, const Report& report) {
  if (options.json == "-") {
    cli::PrintJson(ToJson(report));
  } else if (options.brief) {
    PrintBrief(report, stdout);
  } else {
    PrintText(report, stdout);
  }
  if (!options.json.empty() && options.json != "-") {
    DNC_RETURN_IF_ERROR(WriteFile(options.json, ToJson(report).dump(2) + "\n"));
  }
  if (options.html.empty()) return absl::OkStatus();
  return WriteFile(options.html, ToHtml(report));
}

int Execute(const Options& options, const std::string& name, ModeFunction mode,
            const std::string& command) {
  Report report;
  report.mode = name;
  report.command = command;
  for (const std::string& path : {options.json, options.html}) {
    if (const absl::Status writable = CheckWritable(path); !writable.ok()) {
      fmt::print(stderr, "error: {}\n", cli::Printable(std::string(writable.message())));
      return cli::kExitError;
    }
  }
  CatchInterrupts();
  const absl::Status status = Measure(options, mode, &report);
  report.interrupted = g_stop;
  if (!status.ok()) report.error = std::string(status.message());
  if (report.runs.empty() && !status.ok()) {
    fmt::print(stderr, "error: {}\n", cli::Printable(report.error));
    return cli::kExitError;
  }
  const absl::Status written = WriteReport(options, report);
  if (!written.ok()) {
    fmt::print(stderr, "error: {}\n", cli::Printable(std::string(written.message())));
    return cli::kExitError;
  }
  if (!Failures(report).empty()) return cli::kExitError;
  return report.interrupted ? kExitInterrupted : cli::kExitOk;
}

int ExecuteCompare(const std::string& a, const std::string& b) {
  const auto report_a = ReadReport(a);
  const auto report_b = ReadReport(b);
  const auto comparison = !report_a.ok()   ? absl::StatusOr<Comparison>(report_a.status())
                          : !report_b.ok() ? absl::StatusOr<Comparison>(report_b.status())
                                           : Compare(*report_a, *report_b);
  if (!comparison.ok()) {
    fmt::print(stderr, "error: {}\n", cli::Printable(std::string(comparison.status().message())));
    return cli::kExitError;
  }
  PrintComparison(*comparison, a, b);
  return cli::kExitOk;
}

// Checks what CLI11 cannot check, and throws what a wrong command line throws.
void CheckOptions(const Options& options, const std::string& mode) {
  const auto must = [](const absl::Status& status) {
    if (!status.ok()) throw CLI::ValidationError("usage", std::string(status.message()));
  };
  if (options.base.empty() && options.numbers.empty()) {
    throw CLI::RequiredError("--base or --numbers");
  }
  cli::ServerOptions server = options.target;
  must(cli::CheckServerOptions(&server));
  must(ParseBatches(options.batches).status());
  must(ParsePair("--gap", options.gap, true).status());
  if (mode == "sweep" && options.rates.empty() && options.from == 0) {
    throw CLI::RequiredError("--rates, or --from and --to");
  }
  if (std::max(options.rates.size(), options.over.size()) > kMaxRuns) {
    throw CLI::ValidationError("usage", fmt::format("at most {} runs at once", kMaxRuns));
  }
  if (options.schedule == "replayed" && options.times.empty()) {
    throw CLI::RequiredError("--times with --schedule replayed");
  }
  if (options.schedule != "replayed") must(PlanOf(options).status());
}

// Adds a mode as a subcommand, which stores what to do in `job`.
CLI::App* AddMode(CLI::App* app, const char* name, const char* help, ModeFunction mode,
                  Options* options, const std::string& command, std::function<int()>* job) {
  CLI::App* added = app->add_subcommand(name, help);
  AddCommonOptions(added, options);
  added->callback([=, &command] {
    CheckOptions(*options, name);
    *job = [=, &command] { return Execute(*options, name, mode, command); };
  });
  return added;
}

void AddRunOptions(CLI::App* run, Options* options) {
  AddScheduleOptions(run, options);
  run->add_option("--rate", options->rate, "Calls a second")
      ->check(CLI::Range(0.01, 1e7))
      ->capture_default_str();
  run->add_option("--steps", options->steps, "Of stepped: RATE:SECONDS,RATE:SECONDS,...");
  run->add_option("--ramp", options->ramp, "Of ramped: FROM:TO calls a second over --seconds");
  run->add_option("--times", options->times,
                  "Of replayed: a file of send times, seconds from the start, a line each");
  auto* closed =
      run->add_flag("--closed-loop", options->closed,
                    "No schedule: --callers ask again as soon as they have their answer. "
                    "Hides stalls; for comparisons, not for latencies");
  run->add_option("--callers", options->callers, "Calls under way in a closed loop")
      ->needs(closed)
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
}

void AddSweepOptions(CLI::App* sweep, Options* options) {
  AddScheduleOptions(sweep, options);
  auto* rates = sweep->add_option("--rates", options->rates, "Calls a second: 1000,2000,4000")
                    ->delimiter(',')
                    ->check(CLI::Range(0.01, 1e7));
  auto* from = sweep->add_option("--from", options->from, "Or the lowest rate")
                   ->check(CLI::Range(0.01, 1e7))
                   ->excludes(rates);
  auto* to = sweep->add_option("--to", options->to, "and the highest")
                 ->check(CLI::Range(0.01, 1e7))
                 ->needs(from);
  from->needs(to);
  sweep->add_option("--points", options->points, "with so many rates, each a like ratio apart")
      ->check(CLI::Range(2, 200))
      ->capture_default_str();
}

void AddSearchOptions(CLI::App* search, Options* options) {
  AddScheduleOptions(search, options);
  search->add_option("--p99-limit-ms", options->p99_limit_ms, "The limit of p99 in milliseconds")
      ->check(CLI::Range(0.01, 60'000.0))
      ->capture_default_str();
  search->add_option("--probe-seconds", options->probe_seconds, "Measured time of a try")
      ->check(CLI::Range(0.05, 3600.0))
      ->capture_default_str();
  search->add_option("--precision", options->precision, "Share by which the rate may be missed")
      ->check(CLI::Range(0.005, 1.0))
      ->capture_default_str();
  search->add_option("--least-rate", options->least_rate, "Calls a second to begin with")
      ->check(CLI::Range(0.5, 1e7))
      ->capture_default_str();
  search->add_option("--most-rate", options->most_rate, "Calls a second to go up to")
      ->check(CLI::Range(0.5, 1e7))
      ->capture_default_str();
}

int Main(int argc, char** argv) {
  Options options;
  std::function<int()> job;
  std::string command = "dncload";
  for (int i = 1; i < argc; ++i) command += fmt::format(" {}", argv[i]);
  CLI::App app("Puts a running dncd under load, verifies its answers, and measures.", "dncload");
  app.set_version_flag("--version", std::string("dncload ") + DNC_VERSION);
  app.footer(kFooter);
  app.require_subcommand(1);
  const auto add = [&](const char* name, const char* help, ModeFunction mode) {
    return AddMode(&app, name, help, mode, &options, command, &job);
  };
  AddRunOptions(add("run", "One schedule", &Session::RunOne), &options);
  AddSweepOptions(add("sweep", "Several rates, one after the other", &Session::Sweep), &options);
  AddSearchOptions(add("search", "Find the highest rate with p99 below a limit", &Session::Search),
                   &options);
  CLI::App* overload =
      add("overload", "Several times the highest rate: what becomes of the goodput",
          &Session::Overload);
  AddSearchOptions(overload, &options);
  overload->add_option("--times", options.over, "Multiples of the highest rate")
      ->delimiter(',')
      ->check(CLI::Range(0.1, 1000.0))
      ->capture_default_str();
  overload->add_option("--capacity", options.capacity, "The highest rate; if not given: searched")
      ->check(CLI::Range(0.5, 1e7));
  CLI::App* idle = add("idle", "Calls with silence between them", &Session::Idle);
  idle->add_option("--gap", options.gap, "Seconds between two calls, LEAST:MOST")
      ->capture_default_str();
  std::string a;
  std::string b;
  CLI::App* compare = app.add_subcommand("compare", "Two JSON reports side by side");
  compare->add_option("A", a, "The one")->required();
  compare->add_option("B", b, "The other")->required();
  compare->callback([&] { job = [&] { return ExecuteCompare(a, b); }; });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::kExitOk : cli::kExitUsage;
  }
  return job();
}

}  // namespace
}  // namespace dnc::load

int main(int argc, char** argv) { dnc::cli::RunTool(&dnc::load::Main, argc, argv); }
