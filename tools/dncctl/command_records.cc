// dncctl add, remove and record: single records of a tenant's lists.
#include <fmt/format.h>

#include <memory>

#include "dnc/number_text.h"
#include "tools/dncctl/commands.h"
#include "tools/dncctl/exit_code.h"
#include "tools/dncctl/names.h"
#include "tools/dncctl/proto_json.h"
#include "tools/dncctl/record_facts.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
namespace {

using Lists = v1::ListService::Stub;

struct RecordArguments {
  std::vector<std::string> numbers;
  std::string list;
  std::string request_id;
  std::string removal_reason;
  bool remove_do_not_call = false;
  RecordFacts facts;
};

// An outcome for each number, in their order; the exit code says whether one was refused.
template <typename Answer>
int Report(const GlobalOptions& options, const RecordArguments& arguments, const Answer& answer) {
  int refused_numbers = 0;
  bool all_in_force = true;  // of those that are stored
  for (const v1::WriteResult& result : answer.results()) {
    const bool refused = result.outcome() == v1::WRITE_OUTCOME_REFUSED;
    if (refused) ++refused_numbers;
    all_in_force = all_in_force && (refused || result.message().empty());
  }
  const int code = refused_numbers == 0 ? kExitOk : kExitError;
  if (options.json) {
    PrintJson(ToJson(answer));
    return code;
  }
  const Style style(stdout);
  for (int i = 0; i < answer.results_size(); ++i) {
    const v1::WriteResult& result = answer.results(i);
    const bool refused = result.outcome() == v1::WRITE_OUTCOME_REFUSED;
    const std::string name = WrittenName(v1::WriteOutcome_descriptor(), result.outcome());
    fmt::print("{}  {}{}{}\n", Printable(arguments.numbers[static_cast<size_t>(i)]),
               refused ? style.Bad(name) : name, result.message().empty() ? "" : ": ",
               Printable(result.message()));
  }
  if (refused_numbers == answer.results_size()) {
    fmt::print("nothing was written\n");
  } else {
    fmt::print("durable{}; revision {}\n",
               all_in_force ? " and in force" : ", and not all in force: see above",
               answer.revision());
  }
  return code;
}

template <typename Answer>
int ReportAnswer(const GlobalOptions& options, const RecordArguments& arguments,
                 const absl::StatusOr<Answer>& answer) {
  if (!answer.ok()) return ReportError(options, answer.status());
  if (static_cast<size_t>(answer->results_size()) != arguments.numbers.size()) {
    return ReportError(options, absl::InternalError(
                                    fmt::format("the server answered {} outcomes for {} numbers",
                                                answer->results_size(), arguments.numbers.size())));
  }
  return Report(options, arguments, *answer);
}

int RunAdd(const GlobalOptions& options, const RecordArguments& arguments) {
  v1::AddNumbersRequest request;
  request.set_list_id(arguments.list);
  request.set_request_id(arguments.request_id);
  for (const std::string& number : arguments.numbers) {
    v1::Record& record = *request.add_records();
    if (auto status = arguments.facts.Apply(&record); !status.ok()) {
      return ReportError(options, status);
    }
    record.set_number(WireText(number));
  }
  Session session(options);
  return ReportAnswer(options, arguments,
                      session.Call(session.lists(), &Lists::AddNumbers, request));
}

int RunRemove(const GlobalOptions& options, const RecordArguments& arguments) {
  v1::RemoveNumbersRequest request;
  request.set_list_id(arguments.list);
  request.set_request_id(arguments.request_id);
  request.set_remove_do_not_call(arguments.remove_do_not_call);
  request.set_reason(arguments.removal_reason);
  for (const std::string& number : arguments.numbers) request.add_numbers(WireText(number));
  Session session(options);
  return ReportAnswer(options, arguments,
                      session.Call(session.lists(), &Lists::RemoveNumbers, request));
}

int RunRecord(const GlobalOptions& options, const RecordArguments& arguments) {
  Session session(options);
  v1::GetRecordRequest request;
  request.set_number(WireText(arguments.numbers.front()));
  const auto answer = session.Call(session.lists(), &Lists::GetRecord, request);
  if (!answer.ok()) return ReportError(options, answer.status());
  if (options.json) {
    PrintJson(ToJson(*answer));
    return kExitOk;
  }
  Table table({"LIST", "MADE", "BY", "CHANNEL", "COUNTS UNTIL", "REVISION", "REASON", "NOTE"}, {5});
  for (const v1::Record& record : answer->records()) {
    const bool said = record.channel() != v1::CHANNEL_UNSPECIFIED;
    table.AddRow({record.list_id(), IsoTime(record.made_at()), record.made_by(),
                  said ? WrittenName(v1::Channel_descriptor(), record.channel()) : "",
                  record.has_counts_until() ? IsoTime(record.counts_until()) : "for ever",
                  std::to_string(record.revision()), record.reason(), record.note()});
  }
  table.Print(stdout);
  if (answer->records().empty()) fmt::print("no record of it in the tenant's lists\n");
  return kExitOk;
}

}  // namespace

void AddRecordCommands(CLI::App* app, const GlobalOptions& options, Job* job) {
  auto arguments = std::make_shared<RecordArguments>();
  using Run = int (*)(const GlobalOptions&, const RecordArguments&);
  const auto add_command = [&](const char* name, const char* description, Run run) {
    CLI::App* command = app->add_subcommand(name, description);
    SetJob(command, options, job, arguments, run);
    return command;
  };
  const auto add_write = [&](const char* name, const char* description, Run run) {
    CLI::App* command = add_command(name, description, run);
    command->add_option("numbers", arguments->numbers, "Numbers in any usual writing")->required();
    command->add_option("--list", arguments->list, "The list; internal if not given");
    command->add_option("--request-id", arguments->request_id,
                        "Makes it safe to repeat for two days");
    return command;
  };
  arguments->facts.AddOptions(
      add_write("add", "Add numbers to a list of the tenant; 1 if one was refused", RunAdd));
  CLI::App* remove =
      add_write("remove", "Remove numbers from a list; 1 if one was refused", RunRemove);
  remove->add_flag("--remove-do-not-call", arguments->remove_do_not_call,
                   "Also from a do-not-call list: only for mistakes");
  remove->add_option("--reason", arguments->removal_reason, "Why, for the record");
  add_command("record", "What the tenant's lists know of a number", RunRecord)
      ->add_option("number", arguments->numbers, "In any usual writing")
      ->required()
      ->expected(1);
}

}  // namespace dnc::ctl
