// dncctl check NUMBER.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "absl/time/clock.h"
#include "dnc/client.h"
#include "tools/cli/names.h"
#include "tools/cli/proto_json.h"
#include "tools/cli/terminal.h"
#include "tools/cli/tool_main.h"
#include "tools/dncctl/commands.h"

namespace dnc::cli {
namespace {

struct CheckArguments {
  std::string number;
  std::string as_of;
  std::string as_answered_at;
  std::string scope;
};

int ExitCode(const NumberCheck& check) {
  if (check.may_call()) return kExitOk;
  return check.verdict() == v1::VERDICT_LISTED ? kExitListed : kExitNotClear;
}

void PrintHeadline(const Style& style, const std::string& input, const NumberCheck& check) {
  const v1::NumberResult& result = check.result();
  const std::string number =
      result.number() == 0 ? Printable(input) : FormatNumber(result.number());
  const std::string verdict = Name(result.verdict());
  if (check.may_call()) {
    fmt::print("{}  {}\n", style.Strong(number), style.Good(verdict + ": may be called"));
  } else {
    const std::string text = verdict + ": do not call";
    fmt::print("{}  {}\n", style.Strong(number),
               check.verdict() == v1::VERDICT_LISTED ? style.Bad(text) : style.Warn(text));
  }
}

void PrintRow(const Style& style, const std::string& label, const std::string& text) {
  fmt::print("  {}  {}\n", style.Faint(fmt::format("{:<9}", label)), text);
}

void PrintMatches(const Style& style, const v1::NumberResult& result) {
  std::string label = "matches";
  if (result.matches().empty()) {
    // Only a CLEAR proves its rule.
    const bool proven = result.verdict() == v1::VERDICT_CLEAR;
    PrintRow(style, label, proven ? "on no list" : "none known");
  }
  for (const v1::Match& match : result.matches()) {
    const bool own = match.release_id() == 0;
    const std::string since =
        !match.has_listed_since()
            ? (own ? "blocked with its area code or exchange" : "since an unknown time")
        : match.listed_since_exact() ? "since " + IsoTime(match.listed_since())
                                     : "since " + IsoTime(match.listed_since()) + " or before";
    const std::string effect = match.effect() == v1::LIST_EFFECT_INFORM ? "  (informs only)" : "";
    std::string text = style.Strong(Printable(match.list())) + "  " + since;
    if (!own) {
      text += fmt::format("  release {}, obtained {}", match.release_id(),
                          IsoTime(match.obtained_at()));
    }
    PrintRow(style, label, text + effect);
    label.clear();
  }
}

void PrintSnapshot(const Style& style, const v1::Snapshot& snapshot) {
  PrintRow(style, "snapshot",
           fmt::format("revision {}, decided for {}", snapshot.revision(),
                       IsoTime(snapshot.decided_at())));
  for (const v1::ListSnapshot& list : snapshot.lists()) {
    std::string text = Printable(list.list()) + "  ";
    if (list.release_id() == 0) {
      text += style.Warn("no release loaded");
    } else {
      text += fmt::format("release {}", list.release_id());
      if (list.has_obtained_at()) text += ", obtained " + IsoTime(list.obtained_at());
      if (!list.digest().empty()) text += style.Faint("  digest " + Printable(list.digest()));
    }
    PrintRow(style, "", text);
  }
}

void PrintCheck(const std::string& input, const NumberCheck& check) {
  const Style style(stdout);
  const v1::NumberResult& result = check.result();
  PrintHeadline(style, input, check);
  PrintRow(style, "rule",
           fmt::format("{}: {}", Name(result.rule()), Printable(result.explanation())));
  if (!result.reasons().empty()) {
    PrintRow(style, "reasons", fmt::format("{}", fmt::join(ReasonNames(result.reasons()), ", ")));
  }
  PrintMatches(style, result);
  if (result.has_valid_until()) {
    const absl::Duration left = ToTime(result.valid_until()) - absl::Now();
    PrintRow(style, "holds",
             fmt::format("until {} ({})", IsoTime(result.valid_until()),
                         left > absl::ZeroDuration() ? HumanDuration(left) + " left" : "past"));
  }
  PrintSnapshot(style, check.snapshot());
}

void PrintCheckJson(const std::string& input, const NumberCheck& check) {
  nlohmann::ordered_json object = ToJson(check.result());
  object["input"] = input;
  object["may_call"] = check.may_call();
  object["snapshot"] = ToJson(check.snapshot());
  PrintJson(object);
}

int RunCheck(const GlobalOptions& options, const CheckArguments& arguments) {
  ScrubOptions scrub_options;
  if (!arguments.as_of.empty()) scrub_options.as_of = TimeArgument("--as-of", arguments.as_of);
  if (!arguments.as_answered_at.empty()) {
    scrub_options.as_answered_at = TimeArgument("--as-answered-at", arguments.as_answered_at);
  }
  scrub_options.scope = arguments.scope;
  ClientOptions client_options;
  client_options.target = options.server;
  client_options.api_key = options.key;
  client_options.tenant = options.tenant;
  client_options.deadline = options.timeout();
  client_options.tls = options.tls;
  const auto client = Client::Connect(client_options);
  if (!client.ok()) return ReportError(options, client.status());
  const auto check = client->CheckNumber(arguments.number, scrub_options);
  if (!check.ok()) return ReportError(options, Session(options).Explain(check.status()));
  if (options.json) {
    PrintCheckJson(arguments.number, *check);
  } else {
    PrintCheck(arguments.number, *check);
  }
  return ExitCode(*check);
}

}  // namespace

void AddCheckCommand(CLI::App* app, const GlobalOptions& options, Job* job) {
  auto arguments = std::make_shared<CheckArguments>();
  CLI::App* command = app->add_subcommand("check", "Tell everything known about one number");
  command->add_option("number", arguments->number, "The number in any usual writing")->required();
  CLI::Option* const as_of = command->add_option(
      "--as-of", arguments->as_of, "What the lists said of this moment, by all that is known now");
  command
      ->add_option("--as-answered-at", arguments->as_answered_at,
                   "What the server answered at this moment, from what it had published by then")
      ->excludes(as_of);
  command->add_option("--scope", arguments->scope,
                      "For whom the call is made: BRAND or BRAND/CAMPAIGN; the strictest answer if "
                      "not given");
  command->footer(
      "Exit codes: 0 CLEAR, 10 LISTED, 11 not clear for another reason, 1 error, 2 usage.");
  command->callback([&options, job, arguments] {
    if (!arguments->as_of.empty()) TimeArgument("--as-of", arguments->as_of);
    if (!arguments->as_answered_at.empty()) {
      TimeArgument("--as-answered-at", arguments->as_answered_at);
    }
    *job = [&options, arguments] { return RunCheck(options, *arguments); };
  });
}

}  // namespace dnc::cli
