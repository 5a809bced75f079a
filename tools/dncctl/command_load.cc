// dncctl load FILE...
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <memory>

#include "absl/time/clock.h"
#include "tools/dncctl/commands.h"
#include "tools/dncctl/exit_code.h"
#include "tools/dncctl/list_warnings.h"
#include "tools/dncctl/load_upload.h"
#include "tools/dncctl/load_watch.h"
#include "tools/dncctl/names.h"
#include "tools/dncctl/progress_bar.h"
#include "tools/dncctl/proto_json.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
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
};

// user@host, for the server's record of the load.
std::string Requester() {
  std::array<char, 128> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const passwd* user = getpwuid(getuid());
  return fmt::format("{}@{}", user == nullptr ? "unknown" : user->pw_name, host.data())
      .substr(0, 200);
}

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

absl::StatusOr<v1::Load> LoadOnServer(Session& session, const LoadArguments& arguments) {
  v1::LoadReleaseRequest request;
  *request.mutable_options() = ToOptions(arguments);
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
  if (release.revision() == 0) {  // from a record, which a server keeps without these figures
    fmt::print("{} {} release {}; see `dncctl releases`\n", style.Good("loaded"),
               Printable(load.list()), release.id());
    return;
  }
  // A list that covers every area code tells none.
  const std::string where =
      release.area_codes() == 0 ? "" : fmt::format(" in {} area codes", release.area_codes());
  fmt::print("{} {} release {}: {} numbers{} (+{} -{}), obtained {}, revision {}\n",
             style.Good("loaded"), Printable(load.list()), release.id(),
             WithCommas(release.numbers()), where, WithCommas(release.added()),
             WithCommas(release.deleted()), IsoTime(release.obtained_at_newest()),
             release.revision());
  PrintFiles(load, took);
  if (release.no_effect() > 0) {
    fmt::print("  {} changes had no effect\n", WithCommas(release.no_effect()));
  }
  for (const int guard : load.overridden()) {
    fmt::print("  {} {}\n", style.Warn("overridden:"), GuardName(static_cast<v1::Guard>(guard)));
  }
}

// Whoever loads data that is too old for an answer is told now, not by the first answer.
void WarnOfList(Session& session, const std::string& name) {
  const auto status =
      session.Call(session.registry(), &Registry::GetStatus, v1::GetStatusRequest());
  if (!status.ok()) return;  // the load itself is told of
  const Style style(stdout);
  for (const v1::ListStatus& list : status->lists()) {
    if (list.list() != name) continue;
    for (const ListWarning& warning : ListWarnings(list)) {
      fmt::print("{} {}\n", style.Warn("warning:"), warning.text);
    }
  }
}

// Names the guard, and how to override it unless the server's message has said so.
void PrintGuard(const Style& style, const std::string& guard, const std::string& message) {
  fmt::print(stderr, "guard: {}\n", style.Strong(Printable(guard)));
  if (message.find("--allow") == std::string::npos) {
    fmt::print(stderr, "If the data is right all the same, load it again with --allow {}\n",
               Printable(guard));
  }
}

void PrintRefused(const v1::Load& load) {
  const Style style(stderr);
  fmt::print(stderr, "{} load {} of {}: {}\n", style.Bad("refused:"), load.id(),
             Printable(load.list()), Printable(load.error()));
  if (load.refused_by() != v1::GUARD_UNSPECIFIED) {
    PrintGuard(style, GuardName(load.refused_by()), load.error());
  }
  fmt::print(stderr, "nothing changed\n");
}

// A guard can also refuse before the load is accepted, with an error instead of a load.
int ReportLoadError(const GlobalOptions& options, const absl::Status& status) {
  const int code = ReportError(options, status);
  const std::string guard = GuardOf(status);
  if (!guard.empty()) PrintGuard(Style(stderr), guard, std::string(status.message()));
  return code;
}

int RunLoad(const GlobalOptions& options, const LoadArguments& arguments) {
  const absl::Time begun = absl::Now();
  Session session(options);
  ProgressBar bar(!options.json);
  auto load = arguments.on_server ? LoadOnServer(session, arguments)
                                  : Upload(session, ToOptions(arguments), arguments.files, &bar);
  if (load.ok() && !arguments.no_wait) load = WatchLoad(session, *load, &bar);
  bar.Clear();
  if (!load.ok()) return ReportLoadError(options, load.status());
  const bool refused = load->state() == v1::LOAD_STATE_REFUSED;
  if (options.json) PrintJson(ToJson(*load));
  if (refused) {
    PrintRefused(*load);
    return kExitError;
  }
  if (!options.json) {
    if (IsEnded(*load)) {
      PrintSucceeded(*load, absl::Now() - begun);
      WarnOfList(session, load->list());
    } else {
      fmt::print("load {} of {} accepted; see `dncctl loads`\n", load->id(),
                 Printable(load->list()));
    }
  }
  return kExitOk;
}

}  // namespace

void AddLoadCommand(CLI::App* app, const GlobalOptions& options, Job* job) {
  auto arguments = std::make_shared<LoadArguments>();
  CLI::App* command =
      app->add_subcommand("load", "Load files as one release: all become visible, or none");
  command->add_option("files", arguments->files, "The files, plain or zipped")->required();
  command->add_option("--list", arguments->list,
                      "national (if not given), state:TX, wireless, wireline, litigator:NAME, "
                      "other:NAME");
  command->add_option("--obtained-at", arguments->obtained_at,
                      "When the data was obtained, if the files' names don't tell");
  command->add_option("--allow", arguments->allow, "Override a guard; once for each")
      ->check(CLI::IsMember(GuardNames()))
      ->allow_extra_args(false);
  command->add_option("--column", arguments->column, "CSV: heading of the column with the numbers");
  command
      ->add_option("--column-number", arguments->column_number,
                   "CSV without a heading: the column's place, from 1")
      ->check(CLI::PositiveNumber);
  command->add_flag("--on-server", arguments->on_server,
                    "The files are on the server, in a folder that its configuration allows");
  command->add_flag("--no-wait", arguments->no_wait, "Don't wait for the end of the load");
  command->callback([&options, job, arguments] {
    ToOptions(*arguments);  // bad arguments are usage errors, before anything is sent
    *job = [&options, arguments] { return RunLoad(options, *arguments); };
  });
}

}  // namespace dnc::ctl
