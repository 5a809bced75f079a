// dncctl releases, loads, rollback and retire.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "tools/cli/names.h"
#include "tools/cli/proto_json.h"
#include "tools/cli/terminal.h"
#include "tools/cli/tool_main.h"
#include "tools/dncctl/commands.h"

namespace dnc::cli {
namespace {

using Registry = v1::RegistryService::Stub;
constexpr char kReasonHelp[] = "Why, for the record (`dncctl history`), at most 200 bytes";

struct ReleaseArguments {
  std::string list;
  uint32_t limit = 100;
  uint64_t expected_release = 0;
  std::string reason;
  bool yes = false;
};

void PrintReleases(const std::vector<v1::Release>& releases) {
  Table table({"RELEASE", "LIST", "REVISION", "PUBLISHED", "OBTAINED", "NUMBERS", "ADDED",
               "DELETED", "AREA CODES", ""},
              {0, 2, 5, 6, 7, 8});
  for (const v1::Release& release : releases) {
    table.AddRow({std::to_string(release.id()), release.list(), std::to_string(release.revision()),
                  IsoTime(release.published_at()), IsoTime(release.obtained_at_newest()),
                  WithCommas(release.numbers()), WithCommas(release.added()),
                  WithCommas(release.deleted()), std::to_string(release.area_codes()),
                  release.in_force() ? "in force" : (release.kept() ? "kept" : "")});
  }
  table.Print(stdout);
}

int RunReleases(const GlobalOptions& options, const ReleaseArguments& arguments) {
  Session session(options);
  v1::ListReleasesRequest request;
  request.set_list(arguments.list);
  std::vector<v1::Release> releases;
  do {
    request.set_page_size(
        std::min<uint32_t>(kPageSize, arguments.limit - static_cast<uint32_t>(releases.size())));
    const auto page = session.Call(session.registry(), &Registry::ListReleases, request);
    if (!page.ok()) return ReportError(options, page.status());
    releases.insert(releases.end(), page->releases().begin(), page->releases().end());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty() && releases.size() < arguments.limit);
  if (options.json) {
    nlohmann::ordered_json object = {{"releases", nlohmann::ordered_json::array()}};
    for (const auto& release : releases) object["releases"].push_back(ToJson(release));
    PrintJson(object);
  } else {
    PrintReleases(releases);
  }
  return kExitOk;
}

void PrintLoads(const std::vector<v1::Load>& loads) {
  Table table({"LOAD", "LIST", "STATE", "ASKED", "BY", "FILES", "RECORDS", "RELEASE", "WHY"},
              {0, 5, 6, 7});
  for (const v1::Load& load : loads) {
    const std::string why =
        load.refused_by() == v1::GUARD_UNSPECIFIED
            ? load.error()
            : fmt::format("[{}] {}", GuardName(load.refused_by()), load.error());
    table.AddRow({std::to_string(load.id()), load.list(), Name(load.state()),
                  IsoTime(load.created_at()), load.requested_by(),
                  std::to_string(load.files_size()), WithCommas(load.records_done()),
                  load.has_release() ? std::to_string(load.release().id()) : "", why});
  }
  table.Print(stdout);
}

int RunLoads(const GlobalOptions& options, const ReleaseArguments& arguments) {
  Session session(options);
  v1::ListLoadsRequest request;
  std::vector<v1::Load> loads;
  do {
    request.set_page_size(
        std::min<uint32_t>(kPageSize, arguments.limit - static_cast<uint32_t>(loads.size())));
    const auto page = session.Call(session.registry(), &Registry::ListLoads, request);
    if (!page.ok()) return ReportError(options, page.status());
    loads.insert(loads.end(), page->loads().begin(), page->loads().end());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty() && loads.size() < arguments.limit);
  if (options.json) {
    nlohmann::ordered_json object = {{"loads", nlohmann::ordered_json::array()}};
    for (const auto& load : loads) object["loads"].push_back(ToJson(load));
    PrintJson(object);
  } else {
    PrintLoads(loads);
  }
  return kExitOk;
}

// Returns what a rollback or a retirement makes callable, or would.
std::string CallableText(uint64_t becomes_callable) {
  return becomes_callable == 0 ? std::string("no number becomes callable")
                               : WithCommas(becomes_callable) + " numbers become callable";
}

int RunRollback(const GlobalOptions& options, const ReleaseArguments& arguments) {
  Session session(options);
  v1::RollBackReleaseRequest request;
  request.set_list(arguments.list);
  request.set_expected_release_id(arguments.expected_release);
  request.set_requested_by(Requester());
  request.set_reason(arguments.reason);
  const auto call = [&] {
    return session.Call(session.registry(), &Registry::RollBackRelease, request);
  };
  if (!arguments.yes) {
    request.set_dry_run(true);
    const auto plan = call();
    if (!plan.ok()) return ReportError(options, plan.status());
    const v1::Release& release = plan->release();
    fmt::print(stderr, "{}: release {} of {} would be in force again: {}\n",
               Printable(release.list()), release.id(), IsoTime(release.published_at()),
               CallableText(plan->becomes_callable()));
    if (!Confirmed(false, "Go back to it?")) {
      if (options.json) PrintJson(ToJson(*plan));
      return kExitNotConfirmed;
    }
    request.set_dry_run(false);
    request.set_callable_limit(plan->becomes_callable());
  }
  const auto answer = call();
  if (!answer.ok()) return ReportError(options, answer.status());
  if (options.json) {
    PrintJson(ToJson(*answer));
  } else {
    const v1::Release& release = answer->release();
    fmt::print("{}: release {} is in force again: {} numbers, obtained {}; revision {}\n",
               Printable(release.list()), release.id(), WithCommas(release.numbers()),
               IsoTime(release.obtained_at_newest()), answer->revision());
    fmt::print("  {}, {} no longer are\n", CallableText(answer->becomes_callable()),
               WithCommas(answer->no_longer_callable()));
  }
  return kExitOk;
}

int RunRetire(const GlobalOptions& options, const ReleaseArguments& arguments) {
  Session session(options);
  v1::RetireListRequest request;
  request.set_list(arguments.list);
  request.set_requested_by(Requester());
  request.set_reason(arguments.reason);
  const auto call = [&] {
    return session.Call(session.registry(), &Registry::RetireList, request);
  };
  const auto effect = [](const v1::RetireListResponse& answer) -> std::string {
    return answer.required() ? "the policy requires the list: without it no number is callable"
                             : CallableText(answer.becomes_callable());
  };
  if (!arguments.yes) {
    request.set_dry_run(true);
    const auto plan = call();
    if (!plan.ok()) return ReportError(options, plan.status());
    fmt::print(stderr, "{} would count no longer: {}\n", Printable(arguments.list), effect(*plan));
    if (!Confirmed(false, "Retire it?")) {
      if (options.json) PrintJson(ToJson(*plan));
      return kExitNotConfirmed;
    }
    request.set_dry_run(false);
    request.set_callable_limit(plan->becomes_callable());
  }
  const auto answer = call();
  if (!answer.ok()) return ReportError(options, answer.status());
  if (options.json) {
    PrintJson(ToJson(*answer));
  } else {
    fmt::print("{}: retired; revision {}\n  {}\n", Printable(arguments.list), answer->revision(),
               effect(*answer));
  }
  return kExitOk;
}

using ReleaseRun = int (*)(const GlobalOptions&, const ReleaseArguments&);

}  // namespace

void AddReleaseCommands(CLI::App* app, const GlobalOptions& options, Job* job) {
  // Only one subcommand runs at a time, so they share their arguments.
  auto arguments = std::make_shared<ReleaseArguments>();
  const auto add = [&](const char* name, const char* description, ReleaseRun run) {
    CLI::App* command = app->add_subcommand(name, description);
    SetJob(command, options, job, arguments, run);
    return command;
  };
  CLI::App* releases = add("releases", "The releases of the lists, newest first", RunReleases);
  releases->add_option("--list", arguments->list, "Only of this list");
  releases->add_option("--limit", arguments->limit, "At most so many")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();

  CLI::App* loads = add("loads", "Loads, also the refused ones, newest first", RunLoads);
  loads->add_option("--limit", arguments->limit, "At most so many")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();

  CLI::App* rollback =
      add("rollback", "Go back to the release before the one in force", RunRollback);
  rollback->add_option("--list", arguments->list, "The list; national if not given");
  rollback
      ->add_option("--expect-release", arguments->expected_release,
                   "Only if this release is in force now")
      ->check(CLI::PositiveNumber);
  rollback->add_option("--reason", arguments->reason, kReasonHelp);
  rollback->add_flag("--yes", arguments->yes, "Don't ask");

  CLI::App* retire = add("retire", "Take a list out of every scrub", RunRetire);
  retire->add_option("list", arguments->list, "The list")->required();
  retire->add_option("--reason", arguments->reason, kReasonHelp);
  retire->add_flag("--yes", arguments->yes, "Don't ask");
}

}  // namespace dnc::cli
