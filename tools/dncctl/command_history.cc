// dncctl history NUMBER.
#include <fmt/format.h>

#include <memory>

#include "dnc/number_text.h"
#include "tools/dncctl/commands.h"
#include "tools/dncctl/exit_code.h"
#include "tools/dncctl/names.h"
#include "tools/dncctl/proto_json.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
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

}  // namespace dnc::ctl
