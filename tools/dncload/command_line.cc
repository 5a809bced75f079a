#include "tools/dncload/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "tools/cli/server_options.h"

namespace dnc::load {
namespace {

void AddWorkloadOptions(CLI::App* app, Options* options) {
  WorkloadOptions& workload = options->workload;
  auto* base = app->add_option("--base", options->base,
                               "Ask for numbers of the full list that the server holds: the folder "
                               "that dncgen wrote");
  app->add_option("--changes", options->changes, "A change list that the server holds too")
      ->needs(base);
  app->add_option("--numbers", options->numbers,
                  "Ask for the numbers of this CSV; a column `listed` (1, 0) is what is verified")
      ->excludes(base);
  app->add_option("--column", options->column, "Heading of its column with the numbers");
  app->add_option("--batch", options->batches,
                  "Numbers a call, or sizes with weights: 1:50,1000:50")
      ->capture_default_str();
  app->add_option("--hit-rate", workload.hit_rate, "Share of the numbers that are listed (--base)")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app->add_option("--locality", options->locality,
                  "uniform: numbers of all area codes; campaign: of a few (--base)")
      ->check(CLI::IsMember({"uniform", "campaign"}))
      ->capture_default_str();
  app->add_option("--campaign-areas", options->campaign_areas, "Area codes of a campaign")
      ->check(CLI::Range(1, 800))
      ->capture_default_str();
  app->add_option("--pool", workload.pool_numbers,
                  "Numbers in all questions together, which come again and again; fewer than fit "
                  "into the processor's caches flatter the server")
      ->check(CLI::Range(uint64_t{1000}, uint64_t{200'000'000}))
      ->capture_default_str();
  app->add_option("--seed", workload.seed, "The same seed gives the same questions and schedule")
      ->capture_default_str();
  app->add_flag("--other-lists", options->run.sender.other_lists,
                "The server also holds lists or exemptions that --base or --numbers don't name: "
                "answers that say so in their reasons are not wrong");
}

void AddClientOptions(CLI::App* app, Options* options) {
  RunOptions& run = options->run;
  app->add_option_function<std::string>(
         "--sender",
         [&run](const std::string& name) {
           run.sender.kind =
               name == Name(SenderKind::kThin) ? SenderKind::kThin : SenderKind::kGrpc;
         },
         "grpc: calls go through gRPC's library, as those of most clients; thin: bare HTTP/2, "
         "which costs this machine less")
      ->check(CLI::IsMember({Name(SenderKind::kGrpc), Name(SenderKind::kThin)}))
      ->default_str(Name(SenderKind::kGrpc));
  app->add_option("--threads", run.threads, "Threads that send")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app->add_option("--channels", run.channels,
                  "Connections, of all threads together; at least one a thread")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app->add_option("--max-in-flight", run.max_in_flight,
                  "Calls under way at the same time, of all threads; beyond it calls wait, and the "
                  "wait counts")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app->add_flag("--drop-excess", run.sender.drop_excess,
                "Calls beyond --max-in-flight are not sent at all, instead of waiting");
  app->add_option("--timeout", run.sender.timeout, "Seconds that a call may take")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  app->add_option("--good-within", run.sender.good_within,
                  "Seconds from its scheduled time in which a right answer counts as good")
      ->check(CLI::Range(0.0001, 3600.0))
      ->capture_default_str();
  app->add_option("--spin", run.sender.spin,
                  "Seconds to look for an answer before a thread sleeps until it comes")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
}

void AddReportOptions(CLI::App* app, Options* options) {
  auto* pid = app->add_option("--server-pid", options->server_pid,
                              "The server's process on this machine, to measure its processor time")
                  ->check(CLI::PositiveNumber);
  app->add_option("--server-metrics", options->server_metrics,
                  "HOST:PORT of the server's metrics, for the same")
      ->excludes(pid);
  app->add_option("--server-machine", options->server_machine,
                  "What the report says about the server's machine, if it is another");
  app->add_option("--json", options->json,
                  "Write the report as JSON to this file; - is stdout, instead of the text");
  app->add_option("--html", options->html, "Write the report as one HTML page to this file");
  app->add_flag("--brief", options->brief, "The text is one line a run");
}

}  // namespace

void AddCommonOptions(CLI::App* app, Options* options) {
  cli::AddServerOptions(app, &options->target);
  AddWorkloadOptions(app, options);
  AddClientOptions(app, options);
  AddReportOptions(app, options);
  app->add_option("--seconds", options->seconds, "Measured time of a run")
      ->check(CLI::Range(0.05, kMaxSeconds))
      ->capture_default_str();
  app->add_option("--warm-up", options->warm_up, "Seconds before it that are not measured")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
}

void AddScheduleOptions(CLI::App* app, Options* options) {
  app->add_option("--schedule", options->schedule,
                  "poisson: as independent callers do; constant: equal gaps; stepped (--steps), "
                  "ramped (--ramp): Poisson at rates that change; replayed (--times)")
      ->check(CLI::IsMember({"poisson", "constant", "stepped", "ramped", "replayed"}))
      ->capture_default_str();
}

}  // namespace dnc::load
