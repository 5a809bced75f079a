// dncctl load FILE...
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "absl/time/clock.h"
#include "tools/cli/names.h"
#include "tools/cli/progress_bar.h"
#include "tools/cli/proto_json.h"
#include "tools/cli/terminal.h"
#include "tools/cli/tool_main.h"
#include "tools/dncctl/commands.h"
#include "tools/dncctl/load_steps.h"

namespace dnc::cli {
namespace {

using Registry = v1::RegistryService::Stub;

struct LoadArguments {
  std::vector<std::string> files;
  std::string list;
  std::string obtained_at;
  std::vector<std::string> allow;
  std::string column;
  uint32_t column_number = 0;
  bool on_server = false;
  bool no_wait = false;
  bool dry_run = false;
  bool yes = false;
};

v1::LoadOptions ToOptions(const LoadArguments& arguments) {
  v1::LoadOptions options;
  options.set_list(arguments.list);
  if (!arguments.obtained_at.empty()) {
    *options.mutable_obtained_at() =
        ToTimestamp(TimeArgument("--obtained-at", arguments.obtained_at));
  }
  for (const std::string& name : arguments.allow) options.add_allow(name);
  if (!arguments.column.empty() || arguments.column_number > 0) {
    options.mutable_csv()->set_column(arguments.column);
    options.mutable_csv()->set_column_number(arguments.column_number);
  }
  options.set_requested_by(Requester());
  return options;
}

absl::StatusOr<v1::Load> LoadOnServer(Session& session, const LoadArguments& arguments,
                                      const v1::LoadOptions& options) {
  v1::LoadReleaseRequest request;
  *request.mutable_options() = options;
  for (const std::string& file : arguments.files) {
    request.add_paths(std::filesystem::absolute(file).lexically_normal().string());
  }
  const auto response = session.Call(session.registry(), &Registry::LoadRelease, request);
  if (!response.ok()) return response.status();
  return response->load();
}

void PrintFiles(const v1::Load& load, absl::Duration took) {
  uint64_t records = 0;
  uint64_t unassignable = 0;
  for (const v1::FileReport& file : load.files()) {
    records += file.records();
    unassignable += file.unassignable();
  }
  fmt::print("{} file{}, {} records in {:.1f} s\n", load.files_size(),
             load.files_size() == 1 ? "" : "s", WithCommas(records), absl::ToDoubleSeconds(took));
  if (unassignable > 0) {
    fmt::print("  {} numbers that nobody can have (exchange 0xx or 1xx) are listed as they stand\n",
               WithCommas(unassignable));
  }
  for (const v1::FileReport& file : load.files()) {
    if (file.duplicates() + file.left_out() == 0) continue;
    fmt::print("  {}: {} duplicates, {} left out\n", Printable(file.name()),
               WithCommas(file.duplicates()), WithCommas(file.left_out()));
  }
}

void PrintSucceeded(const v1::Load& load, absl::Duration took) {
  const Style style(stdout);
  const v1::Release& release = load.release();
  // It comes from a record, in which a server does not keep these figures.
  if (release.revision() == 0) {
    fmt::print("{} {} release {}; see `dncctl releases`\n", style.Good("loaded"),
               Printable(load.list()), release.id());
    return;
  }
  // A list that covers every area code names none.
  const std::string where =
      release.area_codes() == 0 ? "" : fmt::format(" in {} area codes", release.area_codes());
  fmt::print("{} {} release {}: {} numbers{} (+{} -{}), obtained {}, revision {}\n",
             style.Good("loaded"), Printable(load.list()), release.id(),
             WithCommas(release.numbers()), where, WithCommas(release.added()),
             WithCommas(release.deleted()), IsoTime(release.obtained_at_newest()),
             release.revision());
  PrintFiles(load, took);
  if (release.no_effect() > 0) {
    fmt::print(
        "  {} changes had no effect: it was so already, or they are deletions that are not "
        "later than the full list, which counts\n",
        WithCommas(release.no_effect()));
  }
  if (load.has_plan()) PrintCallable(load.plan(), stdout);
  PrintFindings(load, /*overridden=*/true, stdout);
}

// Warns an operator who loads data that is too old to answer from now, and not only with the first
// answer.
void WarnOfList(Session& session, const std::string& name) {
  const auto status =
      session.Call(session.registry(), &Registry::GetStatus, v1::GetStatusRequest());
  if (!status.ok()) return;  // the load itself is reported
  const Style style(stdout);
  for (const v1::ListStatus& list : status->lists()) {
    if (list.list() != name) continue;
    for (const ListWarning& warning : ListWarnings(list)) {
      fmt::print("{} {}\n", style.Warn("warning:"), warning.text);
    }
  }
}

void PrintRefused(const v1::Load& load) {
  const Style style(stderr);
  fmt::print(stderr, "{} load {} of {}: {}\n", style.Bad("refused:"), load.id(),
             Printable(load.list()), Printable(load.error()));
  PrintFindings(load, /*overridden=*/false, stderr);
  fmt::print(stderr, "nothing changed\n");
}

// A guard can also refuse before the load is accepted, with an error instead of a load.
int ReportLoadError(const GlobalOptions& options, const absl::Status& status) {
  const int code = ReportError(options, status);
  const std::string guard = GuardOf(status);
  if (!guard.empty()) {
    fmt::print(stderr, "guard: {}\n", Style(stderr).Strong(Printable(guard)));
  }
  return code;
}

// Makes one load after the other, until one changes something or nothing more is to be tried.
class LoadRun {
 public:
  LoadRun(const GlobalOptions& options, const LoadArguments& arguments)
      : options_(options), arguments_(arguments), session_(options), bar_(!options.json) {}

  int Run() {
    v1::LoadOptions load = ToOptions(arguments_);
    if (arguments_.dry_run) return DryRun(load);
    if (arguments_.yes) return Load(load);
    if (!arguments_.allow.empty()) return LoadOverriding(load);
    return LoadAskingAtFirst(load);
  }

 private:
  enum class Wait { kNot, kUntilPlanned, kToTheEnd };

  Wait WaitAsAsked() const { return arguments_.no_wait ? Wait::kNot : Wait::kToTheEnd; }

  // Sends the files, and follows the load to its end, or until it is known that nobody has to be
  // asked.
  absl::StatusOr<v1::Load> Send(const v1::LoadOptions& load, Wait wait) {
    begun_ = absl::Now();
    auto sent = arguments_.on_server ? LoadOnServer(session_, arguments_, load)
                                     : Upload(session_, load, arguments_.files, &bar_);
    const auto is_planned = [](const v1::Load& now) {
      return now.has_plan() && !HasFirstData(now.plan());
    };
    if (sent.ok() && wait == Wait::kToTheEnd) sent = WatchLoad(session_, *sent, &bar_);
    if (sent.ok() && wait == Wait::kUntilPlanned) {
      sent = WatchLoad(session_, *sent, &bar_, is_planned);
    }
    bar_.Clear();
    return sent;
  }

  void TellPlan(const v1::Load& planned, FILE* stream) {
    PrintPlan(planned, stream);
    const auto status =
        session_.Call(session_.registry(), &Registry::GetStatus, v1::GetStatusRequest());
    if (!status.ok() || !status->clock_behind()) return;
    fmt::print(stream, "  {}\n",
               Style(stream).Warn("that is when the server's clock is right: it lies behind what "
                                  "the stores know, so every number that would be clear is STALE"));
  }

  int DryRun(v1::LoadOptions load) {
    load.set_dry_run(true);
    const auto tried = Send(load, Wait::kToTheEnd);
    if (!tried.ok()) return ReportLoadError(options_, tried.status());
    if (tried->state() == v1::LOAD_STATE_REFUSED) return Report(*tried);
    if (options_.json) {
      PrintJson(ToJson(*tried));
    } else {
      fmt::print("nothing is changed; loading would make of ");
      TellPlan(*tried, stdout);
      PrintFindings(*tried, /*overridden=*/true, stdout);
      PrintFindings(*tried, /*overridden=*/false, stdout);
      fmt::print("{}\n", HasRefusals(*tried) ? "it would be refused" : "it would be loaded");
    }
    return HasRefusals(*tried) ? kExitError : kExitOk;
  }

  // For an override of what a guard found. What that makes callable is shown first.
  int LoadOverriding(v1::LoadOptions load) {
    load.set_dry_run(true);
    const auto tried = Send(load, Wait::kToTheEnd);
    if (!tried.ok()) return ReportLoadError(options_, tried.status());
    if (tried->state() == v1::LOAD_STATE_REFUSED) return Report(*tried);
    if (HasRefusals(*tried)) {
      if (options_.json) PrintJson(ToJson(*tried));
      fmt::print(stderr, "{} {} findings of the guards are not overridden\n",
                 Style(stderr).Bad("refused:"), Printable(tried->list()));
      PrintFindings(*tried, /*overridden=*/false, stderr);
      fmt::print(stderr, "nothing changed\n");
      return kExitError;
    }
    PrintFindings(*tried, /*overridden=*/true, stderr);
    load.set_dry_run(false);
    return AskAndLoad(*tried, load);
  }

  // For a load that may have the first data of a list or area codes: all numbers that it lacks
  // become callable, so the server first says how many instead of loading it.
  int LoadAskingAtFirst(v1::LoadOptions load) {
    load.set_refuse_first(true);
    // With --no-wait, too, a person is asked; the load goes on alone only if nobody need be asked.
    const auto sent = Send(load, arguments_.no_wait ? Wait::kUntilPlanned : Wait::kToTheEnd);
    if (!sent.ok()) return ReportLoadError(options_, sent.status());
    const bool first =
        sent->state() == v1::LOAD_STATE_REFUSED && sent->error_reason() == "FIRST_DATA";
    if (!first) return Report(*sent);
    load.set_refuse_first(false);
    return AskAndLoad(*sent, load);
  }

  int AskAndLoad(const v1::Load& planned, v1::LoadOptions load) {
    TellPlan(planned, stderr);
    const uint64_t callable = planned.plan().becomes_callable();
    if (!Confirmed(false, fmt::format("Load it, so that {} numbers become callable?",
                                      WithCommas(callable)))) {
      if (options_.json) PrintJson(ToJson(planned));
      return kExitNotConfirmed;
    }
    load.set_callable_limit(callable);
    return Load(load);
  }

  int Load(const v1::LoadOptions& load) {
    const auto sent = Send(load, WaitAsAsked());
    return sent.ok() ? Report(*sent) : ReportLoadError(options_, sent.status());
  }

  int Report(const v1::Load& load) {
    if (options_.json) PrintJson(ToJson(load));
    if (load.state() == v1::LOAD_STATE_REFUSED) {
      PrintRefused(load);
      return kExitError;
    }
    if (options_.json) return kExitOk;
    if (IsEnded(load)) {
      PrintSucceeded(load, absl::Now() - begun_);
      WarnOfList(session_, load.list());
    } else {
      fmt::print("load {} of {} accepted; see `dncctl loads`\n", load.id(), Printable(load.list()));
    }
    return kExitOk;
  }

  const GlobalOptions& options_;
  const LoadArguments& arguments_;
  Session session_;
  ProgressBar bar_;
  absl::Time begun_;
};

int RunLoad(const GlobalOptions& options, const LoadArguments& arguments) {
  return LoadRun(options, arguments).Run();
}

// Checks `shrink:201`: the guard, and what it found. The server says whether there is such a
// finding.
std::string CheckAllow(const std::string& text) {
  if (ParseGuard(text.substr(0, text.find(':'))).has_value()) return "";
  return fmt::format("'{}' names no finding; a refused load tells them, each with its --allow",
                     Printable(text));
}

}  // namespace

void AddLoadCommand(CLI::App* app, const GlobalOptions& options, Job* job) {
  auto arguments = std::make_shared<LoadArguments>();
  CLI::App* command =
      app->add_subcommand("load", "Load files as one release: all become visible, or none");
  command->add_option("files", arguments->files, "The files, plain or zipped")->required();
  command->add_option("--list", arguments->list,
                      "national, state:TX, wireless, wireline, litigator:NAME, other:NAME. If not "
                      "given: national, and then the files must have the FTC's form and names");
  command->add_option("--obtained-at", arguments->obtained_at,
                      "When the data was obtained, if the files' names don't tell; of the two the "
                      "older one counts");
  command
      ->add_option(
          "--allow", arguments->allow,
          "Override what a guard found, as the refused load names it: shrink:201. Once for "
          "each; asks before it loads")
      ->check(CheckAllow)
      ->allow_extra_args(false);
  command->add_flag("--dry-run", arguments->dry_run,
                    "Tell what the load would do, and change nothing. Exit code 1 if it would be "
                    "refused");
  command->add_flag("--yes", arguments->yes,
                    "Don't ask before numbers become callable: by first data of a list or of area "
                    "codes, or by --allow. Overrides no guard");
  command->add_option("--column", arguments->column, "CSV: heading of the column with the numbers");
  command
      ->add_option("--column-number", arguments->column_number,
                   "CSV without a heading: the column's place, from 1")
      ->check(CLI::PositiveNumber);
  command->add_flag("--on-server", arguments->on_server,
                    "The files are on the server, in a folder that its configuration allows");
  command->add_flag(
      "--no-wait", arguments->no_wait,
      "Don't wait for the end of the load. Without --yes it waits until the server has "
      "compared the files, so that it can ask");
  command->callback([&options, job, arguments] {
    ToOptions(*arguments);  // bad arguments are usage errors, and found before anything is sent
    *job = [&options, arguments] { return RunLoad(options, *arguments); };
  });
}

}  // namespace dnc::cli
