// dncctl keys: API keys of tenants and operators.
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "tools/dncctl/commands.h"
#include "tools/dncctl/exit_code.h"
#include "tools/dncctl/names.h"
#include "tools/dncctl/proto_json.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
namespace {

using Tenants = v1::TenantService::Stub;

struct KeyArguments {
  std::string tenant;
  std::string key_id;
  std::string name;
  std::vector<std::string> scope_texts;
  std::vector<int> scopes;
  std::string expires_text;
  std::optional<absl::Time> expires;
};

std::string OptionalTime(bool set, const google::protobuf::Timestamp& time) {
  return set ? IsoTime(time) : std::string();
}

int RunList(const GlobalOptions& options, const KeyArguments& arguments) {
  Session session(options);
  v1::ListKeysRequest request;
  request.set_tenant_id(arguments.tenant);
  const auto answer = session.Call(session.tenants(), &Tenants::ListKeys, request);
  if (!answer.ok()) return ReportError(options, answer.status());
  if (options.json) {
    PrintJson(ToJson(*answer));
    return kExitOk;
  }
  Table table({"KEY", "SCOPES", "MADE", "EXPIRES", "REVOKED", "LAST USED", "NAME"}, {});
  for (const v1::Key& key : answer->keys()) {
    table.AddRow({key.key_id(), WrittenNames(v1::KeyScope_descriptor(), key.scopes()),
                  IsoTime(key.created_at()), OptionalTime(key.has_expires_at(), key.expires_at()),
                  OptionalTime(key.has_revoked_at(), key.revoked_at()),
                  OptionalTime(key.has_last_used_at(), key.last_used_at()), key.display_name()});
  }
  table.Print(stdout);
  return kExitOk;
}

int RunCreate(const GlobalOptions& options, const KeyArguments& arguments) {
  Session session(options);
  v1::CreateKeyRequest request;
  request.set_tenant_id(arguments.tenant);
  request.set_display_name(arguments.name);
  for (const int scope : arguments.scopes) request.add_scopes(static_cast<v1::KeyScope>(scope));
  if (arguments.expires.has_value()) {
    *request.mutable_expires_at() = ToTimestamp(*arguments.expires);
  }
  const auto answer = session.Call(session.tenants(), &Tenants::CreateKey, request);
  if (!answer.ok()) return ReportError(options, answer.status());
  if (options.json) {
    PrintJson(ToJson(*answer));
    return kExitOk;
  }
  // The secret alone on stdout, for KEY=$(dncctl keys create ...).
  fmt::print(stderr, "key {} of {} for {}; its secret, which is never shown again:\n",
             Printable(answer->key().key_id()),
             arguments.tenant.empty() ? "the operator" : Printable(arguments.tenant),
             WrittenNames(v1::KeyScope_descriptor(), answer->key().scopes()));
  fmt::print("{}\n", Printable(answer->secret()));
  return kExitOk;
}

int RunRevoke(const GlobalOptions& options, const KeyArguments& arguments) {
  Session session(options);
  v1::RevokeKeyRequest request;
  request.set_key_id(arguments.key_id);
  const auto answer = session.Call(session.tenants(), &Tenants::RevokeKey, request);
  if (!answer.ok()) return ReportError(options, answer.status());
  if (options.json) {
    PrintJson(ToJson(*answer));
  } else {
    fmt::print("{}: revoked at {}\n", Printable(answer->key().key_id()),
               IsoTime(answer->key().revoked_at()));
  }
  return kExitOk;
}

}  // namespace

void AddKeyCommands(CLI::App* app, const GlobalOptions& options, Job* job) {
  CLI::App* keys = app->add_subcommand("keys", "API keys of tenants and operators");
  keys->require_subcommand(1);
  auto arguments = std::make_shared<KeyArguments>();
  using Run = int (*)(const GlobalOptions&, const KeyArguments&);
  const auto add = [&](const char* name, const char* description, Run run) {
    CLI::App* command = keys->add_subcommand(name, description);
    SetJob(command, options, job, arguments, run, [&options, arguments] {
      if (arguments->tenant.empty()) arguments->tenant = options.tenant;
      arguments->scopes =
          EnumArguments("--scope", v1::KeyScope_descriptor(), arguments->scope_texts);
      if (!arguments->expires_text.empty()) {
        arguments->expires = TimeArgument("--expires-at", arguments->expires_text);
      }
    });
    return command;
  };
  constexpr char kWhose[] = "Whose; --tenant if not given; neither: the operator's";
  add("list", "Its keys, newest first, without their secrets", RunList)
      ->add_option("tenant_id", arguments->tenant, kWhose);
  CLI::App* create = add("create", "Make a key and print its secret, once", RunCreate);
  create->add_option("tenant_id", arguments->tenant, kWhose);
  create
      ->add_option("--scope", arguments->scope_texts,
                   "What it permits: " + EnumChoices(v1::KeyScope_descriptor()))
      ->delimiter(',')
      ->required();
  create->add_option("--name", arguments->name, "For people");
  create->add_option("--expires-at", arguments->expires_text, "From when on it is refused");
  add("revoke", "End a key, at once", RunRevoke)
      ->add_option("key_id", arguments->key_id, "The key's public id")
      ->required();
}

}  // namespace dnc::ctl
