// dncctl status.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "absl/time/clock.h"
#include "dnc/number_text.h"
#include "tools/cli/names.h"
#include "tools/cli/proto_json.h"
#include "tools/cli/terminal.h"
#include "tools/cli/tool_main.h"
#include "tools/dncctl/commands.h"

namespace dnc::cli {
namespace {

void PrintStatus(const GlobalOptions& options, const v1::GetStatusResponse& status) {
  const Style style(stdout);
  fmt::print("dncd {} at {}, up {}, revision {}\n", style.Strong(Printable(status.version())),
             Printable(options.server), HumanDuration(absl::Now() - ToTime(status.started_at())),
             status.revision());
  fmt::print("{} numbers in {} of memory\n", WithCommas(status.numbers()),
             HumanBytes(static_cast<double>(status.index_bytes())));
  if (status.clock_behind()) {
    fmt::print("{}\n", style.Bad(fmt::format(
                           "the server's clock lies a day or more behind {}, which its stores "
                           "know: what would be clear is STALE (docs/operations.md, "
                           "DncClockBehind)",
                           IsoTime(status.newest_known_at()))));
  }
  if (status.has_running_load()) {
    const v1::Load& load = status.running_load();
    fmt::print("load {} of {}: {}, {} of {}\n", load.id(), Printable(load.list()),
               Name(load.state()), HumanBytes(static_cast<double>(load.bytes_done())),
               HumanBytes(static_cast<double>(load.bytes_total())));
  }
  Table table({"LIST", "EFFECT", "REQUIRED", "RELEASE", "NUMBERS", "COVERED", "STALE", "DAMAGED",
               "OBTAINED", "MAX AGE"},
              {3, 4, 5, 6, 7});
  for (const v1::ListStatus& list : status.lists()) {
    const v1::Release& release = list.release();
    table.AddRow({list.list(), Name(list.effect()), list.required() ? "yes" : "no",
                  list.has_release() ? std::to_string(release.id()) : "none",
                  WithCommas(release.numbers()), std::to_string(list.covered()),
                  std::to_string(list.stale()), std::to_string(list.damaged()),
                  list.has_release() ? IsoTime(release.obtained_at_oldest()) : "",
                  fmt::format("{} days", list.max_age_days())});
  }
  table.Print(stdout);
  for (const v1::ListStatus& list : status.lists()) {
    for (const ListWarning& warning : ListWarnings(list)) {
      fmt::print("{}\n", warning.damage ? style.Bad(warning.text) : style.Warn(warning.text));
    }
  }
}

int RunStatus(const GlobalOptions& options) {
  Session session(options);
  const auto status = session.Call(session.registry(), &v1::RegistryService::Stub::GetStatus,
                                   v1::GetStatusRequest());
  if (!status.ok()) return ReportError(options, status.status());
  if (options.json) {
    PrintJson(ToJson(*status));
  } else {
    PrintStatus(options, *status);
  }
  return kExitOk;
}

}  // namespace

void AddStatusCommand(CLI::App* app, const GlobalOptions& options, Job* job) {
  CLI::App* command = app->add_subcommand("status", "Tell what the server is and holds");
  command->callback([&options, job] { *job = [&options] { return RunStatus(options); }; });
}

namespace {

void PrintCoverage(const v1::GetCoverageResponse& coverage) {
  uint64_t numbers = 0;
  Table table({"AREA CODE", "STATE", "NUMBERS", "OBTAINED", "STALE AT", "RELEASE", "HISTORY SINCE",
               "DIGEST"},
              {2, 5});
  for (const v1::AreaCodeCoverage& area : coverage.area_codes()) {
    numbers += area.numbers();
    table.AddRow({std::to_string(area.area_code()), Name(area.state()), WithCommas(area.numbers()),
                  area.has_obtained_at() ? IsoTime(area.obtained_at()) : "",
                  area.has_stale_at() ? IsoTime(area.stale_at()) : "",
                  std::to_string(area.release_id()),
                  area.has_history_since() ? IsoTime(area.history_since()) : "", area.digest()});
  }
  table.Print(stdout);
  fmt::print("{}: {} numbers in {} area codes, release {}{}\n", Printable(coverage.list()),
             WithCommas(numbers), coverage.area_codes_size(), coverage.release_id(),
             coverage.covers_all() ? "; covers every area code" : "");
}

int RunCoverage(const GlobalOptions& options, const std::string& list) {
  Session session(options);
  v1::GetCoverageRequest request;
  request.set_list(list);
  const auto coverage =
      session.Call(session.registry(), &v1::RegistryService::Stub::GetCoverage, request);
  if (!coverage.ok()) return ReportError(options, coverage.status());
  if (options.json) {
    PrintJson(ToJson(*coverage));
  } else {
    PrintCoverage(*coverage);
  }
  return kExitOk;
}

}  // namespace

void AddCoverageCommand(CLI::App* app, const GlobalOptions& options, Job* job) {
  auto list = std::make_shared<std::string>("national");
  CLI::App* command = app->add_subcommand("coverage", "Tell what a list covers, by area code");
  command->add_option("--list", *list, "The list")->capture_default_str();
  command->callback(
      [&options, job, list] { *job = [&options, list] { return RunCoverage(options, *list); }; });
}

namespace {

void PrintHistory(const v1::GetHistoryResponse& history) {
  const Style style(stdout);
  fmt::print("{}  {}\n", style.Strong(FormatNumber(history.number())),
             history.listed_on().empty()
                 ? "on no list now"
                 : Printable(fmt::format("now on {}", fmt::join(history.listed_on(), ", "))));
  if (history.events().empty()) {
    fmt::print("no list has ever held it, as far as the history reaches\n");
    return;
  }
  Table table({"TIME", "LIST", "EVENT", "RELEASE", "BY", "WHY"}, {3});
  for (const v1::HistoryEvent& event : history.events()) {
    table.AddRow({IsoTime(event.time()), event.list(), Name(event.action()),
                  std::to_string(event.release_id()), event.requested_by(), event.reason()});
  }
  table.Print(stdout);
}

int RunHistory(const GlobalOptions& options, const std::string& number) {
  Session session(options);
  v1::GetHistoryRequest request;
  request.set_number(WireText(number));
  const auto history =
      session.Call(session.registry(), &v1::RegistryService::Stub::GetHistory, request);
  if (!history.ok()) return ReportError(options, history.status());
  if (options.json) {
    PrintJson(ToJson(*history));
  } else {
    PrintHistory(*history);
  }
  return kExitOk;
}

}  // namespace

void AddHistoryCommand(CLI::App* app, const GlobalOptions& options, Job* job) {
  auto number = std::make_shared<std::string>();
  CLI::App* command = app->add_subcommand("history", "Tell when a number came and went");
  command->add_option("number", *number, "The number in any usual writing")->required();
  command->callback([&options, job, number] {
    *job = [&options, number] { return RunHistory(options, *number); };
  });
}

std::vector<ListWarning> ListWarnings(const v1::ListStatus& list) {
  const std::string name = Printable(list.list());
  std::vector<ListWarning> warnings;
  if (list.damaged() > 0) {
    warnings.push_back(
        {fmt::format("{}: {} area codes are damaged and answer NOT_COVERED; load them again", name,
                     list.damaged()),
         true});
  }
  if (list.stale() > 0 && list.effect() != v1::LIST_EFFECT_INFORM) {
    const std::string where = list.release().area_codes() == 0
                                  ? "all area codes"
                                  : fmt::format("{} area codes", list.stale());
    warnings.push_back(
        {fmt::format("{}: data of {} is older than {} days, and its numbers answer STALE; load a "
                     "current list",
                     name, where, list.max_age_days())});
  }
  if (!list.has_release() && list.required()) {
    warnings.push_back({fmt::format("{}: required and not loaded; no number is CLEAR", name)});
  }
  return warnings;
}

}  // namespace dnc::cli
