// dncctl lists: shows and makes the lists of a tenant, and the area codes and exchanges that they
// block.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "tools/cli/names.h"
#include "tools/cli/proto_json.h"
#include "tools/cli/terminal.h"
#include "tools/cli/tool_main.h"
#include "tools/dncctl/commands.h"

namespace dnc::cli {
namespace {

using Lists = v1::ListService::Stub;

struct ListArguments {
  std::string list;
  std::string kind_text = "internal";
  int kind = 0;
  std::string scope;
  std::string name;
  std::vector<std::string> blocks;
};

int RunList(const GlobalOptions& options, const ListArguments& /*arguments*/) {
  Session session(options);
  const auto answer =
      session.Call(session.lists(), &Lists::ListLists, v1::ListListsRequest::default_instance());
  if (!answer.ok()) return ReportError(options, answer.status());
  if (options.json) {
    PrintJson(ToJson(*answer));
    return kExitOk;
  }
  Table table({"LIST", "KIND", "HOLDS FOR", "RECORDS", "BLOCKS", "MADE", "NAME"}, {3});
  for (const v1::OwnList& list : answer->lists()) {
    table.AddRow({list.list_id(), Name(list.kind()),
                  list.scope().empty() ? "whole tenant" : list.scope(), WithCommas(list.records()),
                  fmt::format("{}", fmt::join(list.blocks(), ",")), IsoTime(list.created_at()),
                  list.display_name()});
  }
  table.Print(stdout);
  return kExitOk;
}

int RunCreate(const GlobalOptions& options, const ListArguments& arguments) {
  Session session(options);
  v1::CreateListRequest request;
  v1::OwnList& list = *request.mutable_list();
  list.set_list_id(arguments.list);
  list.set_kind(static_cast<v1::OwnListKind>(arguments.kind));
  list.set_scope(arguments.scope);
  list.set_display_name(arguments.name);
  const auto answer = session.Call(session.lists(), &Lists::CreateList, request);
  if (!answer.ok()) return ReportError(options, answer.status());
  if (options.json) {
    PrintJson(ToJson(*answer));
  } else {
    fmt::print("{}: made\n", Printable(arguments.list));
  }
  return kExitOk;
}

template <typename Request, typename Response>
int RunBlocks(const GlobalOptions& options, const ListArguments& arguments, const char* done,
              grpc::Status (Lists::*method)(grpc::ClientContext*, const Request&, Response*)) {
  Session session(options);
  Request request;
  request.set_list_id(arguments.list);
  request.mutable_blocks()->Assign(arguments.blocks.begin(), arguments.blocks.end());
  const auto answer = session.Call(session.lists(), method, request);
  if (!answer.ok()) return ReportError(options, answer.status());
  if (options.json) {
    PrintJson(ToJson(*answer));
  } else {
    fmt::print("{}: {}; revision {}\n",
               Printable(fmt::format("{}", fmt::join(arguments.blocks, ", "))), done,
               answer->revision());
  }
  return kExitOk;
}

int RunBlock(const GlobalOptions& options, const ListArguments& arguments) {
  return RunBlocks(options, arguments, "blocked", &Lists::AddBlocks);
}

int RunUnblock(const GlobalOptions& options, const ListArguments& arguments) {
  return RunBlocks(options, arguments, "no longer blocked", &Lists::RemoveBlocks);
}

}  // namespace

void AddListCommands(CLI::App* app, const GlobalOptions& options, Job* job) {
  CLI::App* lists = app->add_subcommand("lists", "A tenant's lists");
  lists->require_subcommand(1);
  auto arguments = std::make_shared<ListArguments>();
  using Run = int (*)(const GlobalOptions&, const ListArguments&);
  const auto add = [&](const char* name, const char* description, Run run) {
    CLI::App* command = lists->add_subcommand(name, description);
    SetJob(command, options, job, arguments, run, [arguments] {
      arguments->kind =
          EnumArguments("--kind", v1::OwnListKind_descriptor(), {arguments->kind_text}).front();
    });
    return command;
  };
  add("list", "All of them", RunList);
  CLI::App* create = add("create", "Make a list", RunCreate);
  create->add_option("list_id", arguments->list, "Its id")->required();
  create
      ->add_option("--kind", arguments->kind_text,
                   "What its records mean: " + EnumChoices(v1::OwnListKind_descriptor()))
      ->capture_default_str();
  create->add_option("--scope", arguments->scope,
                     "Whom it holds for: BRAND or BRAND/CAMPAIGN; the whole tenant if not given");
  create->add_option("--name", arguments->name, "For people");
  const auto add_blocks = [&](const char* name, const char* description, Run run) {
    CLI::App* command = add(name, description, run);
    command->add_option("blocks", arguments->blocks, "201 (area code) or 201555 (exchange)")
        ->required();
    command->add_option("--list", arguments->list, "A do-not-call list; internal if not given");
  };
  add_blocks("block", "Block whole area codes and exchanges", RunBlock);
  add_blocks("unblock", "End such blocks", RunUnblock);
}

}  // namespace dnc::cli
