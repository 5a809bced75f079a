// dncctl coverage.
#include <fmt/format.h>

#include <memory>

#include "tools/dncctl/commands.h"
#include "tools/dncctl/exit_code.h"
#include "tools/dncctl/names.h"
#include "tools/dncctl/proto_json.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
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

}  // namespace dnc::ctl
