// dncctl: loads lists into a dncd, asks it about numbers, and looks after it.
#include <CLI/CLI.hpp>

#include "tools/cli/server_options.h"
#include "tools/cli/time_text.h"
#include "tools/cli/tool_main.h"
#include "tools/cli/usage.h"
#include "tools/dncctl/commands.h"

namespace dnc::cli {

void WhenParsed(CLI::App* command, std::function<void()> then) {
  command->callback(std::move(then));
}

absl::Time TimeArgument(const std::string& name, const std::string& text) {
  const auto time = ReadTime(text);
  if (!time.has_value()) throw CLI::ValidationError(name, WhyNoTime(text));
  return *time;
}

namespace {

constexpr char kFooter[] =
    "Exit codes:\n"
    "  0   done; check: CLEAR, the number may be called\n"
    "  1   error; whatever was asked about must not be called\n"
    "  2   usage; or a change was not confirmed (--yes), and nothing changed\n"
    "  10  check: LISTED\n"
    "  11  check: not clear for another reason (not covered, stale, invalid, wireless)\n"
    "  12  doctor: something should be looked at\n"
    "  13  doctor: something is wrong\n"
    "Times are ISO 8601; without an offset they are UTC.";

void AddGlobalOptions(CLI::App* app, GlobalOptions* options) {
  AddServerOptions(app, options);
  app->add_flag("--json", options->json, "Print JSON on stdout, for scripts");
  app->add_option("--timeout", options->timeout_seconds,
                  "Seconds to wait for the server's next answer")
      ->check(CLI::Range(0.001, 86400.0))
      ->capture_default_str();
}

int RunCommandLine(int argc, char** argv) {
  GlobalOptions options;
  Job job;
  CLI::App app("Loads lists into a dncd, asks it about numbers, and looks after it.", "dncctl");
  app.set_version_flag("--version", std::string("dncctl ") + DNC_VERSION);
  app.footer(kFooter);
  app.fallthrough();
  app.require_subcommand(1);
  AddGlobalOptions(&app, &options);
  AddLoadCommand(&app, options, &job);
  AddStatusCommand(&app, options, &job);
  AddReleaseCommands(&app, options, &job);
  AddCoverageCommand(&app, options, &job);
  AddCheckCommand(&app, options, &job);
  AddScrubCommand(&app, options, &job);
  AddHistoryCommand(&app, options, &job);
  AddDoctorCommand(&app, options, &job);
  AddTenantCommands(&app, options, &job);
  AddKeyCommands(&app, options, &job);
  AddListCommands(&app, options, &job);
  AddRecordCommands(&app, options, &job);
  AddImportCommand(&app, options, &job);
  AddExportCommand(&app, options, &job);
  AddWatchCommand(&app, options, &job);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return ReportUsage(app, error);
  }
  if (const absl::Status checked = CheckServerOptions(&options); !checked.ok()) {
    ReportError(options, checked);
    return kExitUsage;
  }
  auto transport = MakeTransport(options.tls);
  if (!transport.ok()) return ReportError(options, transport.status());
  options.transport = *std::move(transport);
  return job();
}

}  // namespace
}  // namespace dnc::cli

int main(int argc, char** argv) { dnc::cli::RunTool(&dnc::cli::RunCommandLine, argc, argv); }
