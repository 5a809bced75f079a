// dncctl add, remove and record: single records of a tenant's lists.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <memory>

#include "dnc/number_text.h"
#include "server/numbers/phone_number.h"
#include "tools/cli/names.h"
#include "tools/cli/proto_json.h"
#include "tools/cli/terminal.h"
#include "tools/cli/tool_main.h"
#include "tools/dncctl/commands.h"
#include "tools/dncctl/record_csv.h"

namespace dnc::cli {
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

// Prints an outcome for each number, in their order. The exit code says whether one was refused.
template <typename Answer>
int Report(const GlobalOptions& options, const RecordArguments& arguments, const Answer& answer) {
  int refused_numbers = 0;
  bool all_in_force = true;  // counts only records that are stored
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
  const std::string tenant = answer.tenant_id().empty() ? "" : Printable(answer.tenant_id()) + ": ";
  for (int i = 0; i < answer.results_size(); ++i) {
    const v1::WriteResult& result = answer.results(i);
    const bool refused = result.outcome() == v1::WRITE_OUTCOME_REFUSED;
    const std::string name = WrittenName(v1::WriteOutcome_descriptor(), result.outcome());
    fmt::print("{}  {}{}{}\n", Printable(arguments.numbers[static_cast<size_t>(i)]),
               refused ? style.Bad(name) : name, result.message().empty() ? "" : ": ",
               Printable(result.message()));
  }
  if (refused_numbers == answer.results_size()) {
    fmt::print("{}nothing was written\n", tenant);
  } else {
    fmt::print("{}durable{}; revision {}\n", tenant,
               all_in_force ? " and in force" : ", and not all in force: see above",
               answer.revision());
  }
  return code;
}

// One message carries so many; if the server takes fewer, it says so.
constexpr size_t kMaxAtOnce = 10'000;

// Adds one of the numbers to a request.
template <typename Request>
using AddNumber = std::function<absl::Status(const std::string& number, Request* request)>;

// Sends `base` with the numbers in parts that the server takes. `answer` has the outcomes,
// including those before an error.
template <typename Request, typename Answer>
absl::Status SendInParts(Session& session, const RecordArguments& arguments, const Request& base,
                         grpc::Status (Lists::*method)(grpc::ClientContext*, const Request&,
                                                       Answer*),
                         const AddNumber<Request>& add, Answer* answer) {
  const std::vector<std::string>& numbers = arguments.numbers;
  size_t most = kMaxAtOnce;
  for (size_t next = 0; next < numbers.size();) {
    Request request = base;
    // Each part is a write of its own, and is repeated as such.
    if (next > 0 && !base.request_id().empty()) {
      request.set_request_id(fmt::format("{}-{}", base.request_id(), next));
    }
    const size_t count = std::min(most, numbers.size() - next);
    for (size_t i = 0; i < count; ++i) {
      if (auto status = add(numbers[next + i], &request); !status.ok()) return status;
    }
    const auto part = session.Call(session.lists(), method, request);
    // Records of full length need smaller parts than plain numbers.
    const bool too_long =
        absl::IsResourceExhausted(part.status()) && ReasonOf(part.status()).empty() && count > 1;
    const size_t smaller = too_long ? count / 2 : SmallerBatch(part.status(), count);
    if (smaller > 0) {
      most = smaller;
      continue;
    }
    if (!part.ok()) return part.status();
    if (static_cast<size_t>(part->results_size()) != count) {
      return absl::InternalError(fmt::format("the server answered {} outcomes for {} numbers",
                                             part->results_size(), count));
    }
    answer->mutable_results()->MergeFrom(part->results());
    answer->set_revision(std::max(answer->revision(), part->revision()));
    answer->set_tenant_id(part->tenant_id());
    next += count;
  }
  return absl::OkStatus();
}

// A whole area code is no number, but it can be blocked.
template <typename Answer>
void OfferBlocks(const RecordArguments& arguments, Answer* answer) {
  for (int i = 0; i < answer->results_size(); ++i) {
    v1::WriteResult& result = *answer->mutable_results(i);
    const std::string block = BlockOf(arguments.numbers[static_cast<size_t>(i)]);
    if (result.outcome() != v1::WRITE_OUTCOME_REFUSED || block.empty()) continue;
    result.set_message(WhyNoBlockHere(block, arguments.list.empty() ? "internal" : arguments.list));
  }
}

template <typename Answer>
int ReportAnswer(const GlobalOptions& options, const RecordArguments& arguments,
                 const absl::Status& status, const Answer& answer) {
  if (status.ok()) return Report(options, arguments, answer);
  if (answer.results_size() > 0) {
    fmt::print(stderr, "the first {} numbers are answered for; repeat the command\n",
               answer.results_size());
  }
  return ReportError(options, status);
}

int RunAdd(const GlobalOptions& options, const RecordArguments& arguments) {
  v1::AddNumbersRequest base;
  base.set_list_id(arguments.list);
  base.set_request_id(arguments.request_id);
  const AddNumber<v1::AddNumbersRequest> add = [&](const std::string& number, auto* request) {
    v1::Record& record = *request->add_records();
    record.set_number(WireText(number));
    return arguments.facts.Apply(&record);
  };
  Session session(options);
  v1::AddNumbersResponse answer;
  const absl::Status status =
      SendInParts(session, arguments, base, &Lists::AddNumbers, add, &answer);
  OfferBlocks(arguments, &answer);
  return ReportAnswer(options, arguments, status, answer);
}

int RunRemove(const GlobalOptions& options, const RecordArguments& arguments) {
  v1::RemoveNumbersRequest base;
  base.set_list_id(arguments.list);
  base.set_request_id(arguments.request_id);
  base.set_remove_do_not_call(arguments.remove_do_not_call);
  base.set_reason(arguments.removal_reason);
  const AddNumber<v1::RemoveNumbersRequest> add = [](const std::string& number, auto* request) {
    request->add_numbers(WireText(number));
    return absl::OkStatus();
  };
  Session session(options);
  v1::RemoveNumbersResponse answer;
  const absl::Status status =
      SendInParts(session, arguments, base, &Lists::RemoveNumbers, add, &answer);
  return ReportAnswer(options, arguments, status, answer);
}

// Reports blocks that cover a number, since that number may have no record.
int TellBlocks(const GlobalOptions& options, Session& session, const std::string& text) {
  const ParsedNumber number = ParseNumber(text);
  const auto lists =
      session.Call(session.lists(), &Lists::ListLists, v1::ListListsRequest::default_instance());
  if (!lists.ok()) return ReportError(options, lists.status());
  for (const v1::OwnList& list : lists->lists()) {
    for (const std::string& block : list.blocks()) {
      const bool holds = std::to_string(number.number).compare(0, block.size(), block) == 0;
      if (number.ok && holds) fmt::print("{} blocks {}\n", Printable(list.list_id()), block);
    }
  }
  return kExitOk;
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
  return TellBlocks(options, session, request.number());
}

}  // namespace

void AddFactOptions(CLI::App* command, RecordFacts* facts) {
  for (const FactOption& option : facts->Options()) {
    command->add_option(option.name, *option.text, option.help);
  }
}

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
  AddFactOptions(
      add_write("add", "Add numbers to a list of the tenant; 1 if one was refused", RunAdd),
      &arguments->facts);
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

}  // namespace dnc::cli
