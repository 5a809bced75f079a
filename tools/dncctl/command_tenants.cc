// dncctl tenants: who is served, with what, and who changed it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "tools/cli/names.h"
#include "tools/cli/proto_json.h"
#include "tools/cli/terminal.h"
#include "tools/cli/tool_main.h"
#include "tools/dncctl/commands.h"

namespace dnc::cli {
namespace {

using Tenants = v1::TenantService::Stub;

// What `create` and `set` take. Only what was given is changed.
struct Configuration {
  std::string name;
  std::vector<std::string> area_codes;
  std::vector<std::string> lists;
  std::vector<std::string> consent_lifts;
  std::vector<std::string> ebr_lifts;
  bool wireless_counts = false;
  v1::Quotas quotas;
  std::vector<std::function<void(v1::Tenant*)>> changes;  // from the options that were given
};

struct TenantArguments {
  std::string tenant;
  uint32_t limit = 100;
  Configuration configuration;
};

bool IsWord(const std::vector<std::string>& texts, const char* word) {
  return texts.size() == 1 && texts.front() == word;
}

void SetAreaCodes(const std::vector<std::string>& texts, v1::Tenant* tenant) {
  v1::Entitlement& entitlement = *tenant->mutable_entitlement();
  entitlement.Clear();
  entitlement.set_all(IsWord(texts, "all"));
  if (entitlement.all() || IsWord(texts, "none")) return;
  for (const std::string& text : texts) {
    if (text == "all" || text == "none") {
      throw CLI::ValidationError("--area-codes", "'" + text + "' stands alone");
    }
    entitlement.add_area_codes(static_cast<uint32_t>(std::stoul(text)));
  }
}

std::string CheckAreaCode(const std::string& text) {
  const bool digits = text.size() == 3 && text.find_first_not_of("0123456789") == std::string::npos;
  return digits || text == "all" || text == "none"
             ? std::string()
             : fmt::format("'{}' is no area code; write 201,212 or all or none", text);
}

// Returns the policy of a new tenant, for options that change a part of it. A policy is sent whole,
// so the other parts are the server's default for a new tenant.
v1::TenantPolicy& PolicyOf(v1::Tenant* tenant) {
  if (!tenant->has_policy()) {
    tenant->mutable_policy()->set_wireless_counts(true);
    for (const v1::Liftable lift : {v1::LIFTABLE_NATIONAL, v1::LIFTABLE_STATE}) {
      tenant->mutable_policy()->add_consent_lifts(lift);
      tenant->mutable_policy()->add_ebr_lifts(lift);
    }
  }
  return *tenant->mutable_policy();
}

void AddLiftsOption(CLI::App* command, Configuration* given, const char* name,
                    std::vector<std::string>* texts, const char* help,
                    google::protobuf::RepeatedField<int>* (v1::TenantPolicy::*field)()) {
  command->add_option(name, *texts, help)->delimiter(',')->each([=](const std::string&) {
    given->changes.emplace_back([=](v1::Tenant* tenant) {
      std::vector<int> lifts;
      if (!IsWord(*texts, "none")) lifts = EnumArguments(name, v1::Liftable_descriptor(), *texts);
      (PolicyOf(tenant).*field)()->Assign(lifts.begin(), lifts.end());
    });
  });
}

void AddPolicyOptions(CLI::App* command, Configuration* given) {
  const auto changes = [given](auto change) { given->changes.emplace_back(change); };
  command
      ->add_option("--lists", given->lists,
                   "Published lists that count beside the required ones; `all` of the server's")
      ->delimiter(',')
      ->each([=](const std::string&) {
        changes([given](v1::Tenant* tenant) {
          v1::TenantPolicy& policy = PolicyOf(tenant);
          policy.clear_lists();
          if (IsWord(given->lists, "all")) return;
          policy.mutable_lists()->Assign(given->lists.begin(), given->lists.end());
        });
      });
  AddLiftsOption(command, given, "--consent-lifts", &given->consent_lifts,
                 "What a consent lifts: national,state,wireless or none",
                 &v1::TenantPolicy::mutable_consent_lifts);
  AddLiftsOption(command, given, "--ebr-lifts", &given->ebr_lifts,
                 "What a business relationship lifts: national,state or none",
                 &v1::TenantPolicy::mutable_ebr_lifts);
  command
      ->add_option("--wireless-counts", given->wireless_counts,
                   "Whether a match in a list of wireless numbers gives WIRELESS: true, false")
      ->each([=](const std::string&) {
        changes([given](v1::Tenant* tenant) {
          PolicyOf(tenant).set_wireless_counts(given->wireless_counts);
        });
      });
}

template <typename Value>
void AddQuotaOption(CLI::App* command, Configuration* given, const char* name, const char* help,
                    void (v1::Quotas::*set)(Value)) {
  command
      ->add_option_function<Value>(
          name,
          [given, set](const Value& value) {
            given->changes.emplace_back(
                [value, set](v1::Tenant* tenant) { (tenant->mutable_quotas()->*set)(value); });
          },
          help)
      ->check(CLI::NonNegativeNumber);
}

void AddConfigurationOptions(CLI::App* command, Configuration* given) {
  command->add_option("--name", given->name, "For people")->each([given](const std::string&) {
    given->changes.emplace_back(
        [given](v1::Tenant* tenant) { tenant->set_display_name(given->name); });
  });
  command
      ->add_option("--area-codes", given->area_codes,
                   "What its subscription pays for: 201,212 or all or none")
      ->delimiter(',')
      ->check(CheckAreaCode)
      ->each([given](const std::string&) {
        given->changes.emplace_back(
            [given](v1::Tenant* tenant) { SetAreaCodes(given->area_codes, tenant); });
      });
  AddPolicyOptions(command, given);
  AddQuotaOption(command, given, "--numbers-per-second", "Quota; 0: the server's default",
                 &v1::Quotas::set_numbers_per_second);
  AddQuotaOption(command, given, "--calls", "Quota of calls under way; 0: the server's default",
                 &v1::Quotas::set_calls_under_way);
  AddQuotaOption(command, given, "--max-records", "Quota of records; 0: the server's default",
                 &v1::Quotas::set_max_records);
}

std::string AreaCodesText(const v1::Entitlement& entitlement) {
  if (entitlement.all()) return "all";
  if (entitlement.area_codes().empty()) return "none";
  return fmt::format("{}", fmt::join(entitlement.area_codes(), ","));
}

int PrintTenant(const GlobalOptions& options, const v1::Tenant& tenant) {
  if (options.json) {
    PrintJson(ToJson(tenant));
    return kExitOk;
  }
  const auto* const lift = v1::Liftable_descriptor();
  const auto or_none = [](const std::string& text) { return text.empty() ? "none" : text; };
  const v1::TenantPolicy& policy = tenant.policy();
  const auto line = [](const char* name, const std::string& text) {
    fmt::print("{:<20}{}\n", name, Printable(text));
  };
  const auto quota = [](uint64_t value) { return value == 0 ? "default" : WithCommas(value); };
  line("tenant", tenant.tenant_id());
  line("name", tenant.display_name());
  line("state", Name(tenant.state()));
  line("area codes", AreaCodesText(tenant.entitlement()));
  line("lists", policy.lists().empty() ? "all of the server's policy"
                                       : fmt::format("{}", fmt::join(policy.lists(), ",")));
  line("consent lifts", or_none(WrittenNames(lift, policy.consent_lifts())));
  line("EBR lifts", or_none(WrittenNames(lift, policy.ebr_lifts())));
  line("wireless counts", policy.wireless_counts() ? "yes" : "no");
  line("numbers a second", quota(tenant.quotas().numbers_per_second()));
  line("calls under way", quota(tenant.quotas().calls_under_way()));
  line("max. records", quota(tenant.quotas().max_records()));
  line("records", WithCommas(tenant.records()));
  line("made", IsoTime(tenant.created_at()));
  line("revision", std::to_string(tenant.revision()));
  return kExitOk;
}

int RunCreate(const GlobalOptions& options, const TenantArguments& arguments) {
  Session session(options);
  v1::CreateTenantRequest request;
  request.mutable_tenant()->set_tenant_id(arguments.tenant);
  for (const auto& change : arguments.configuration.changes) change(request.mutable_tenant());
  const auto answer = session.Call(session.tenants(), &Tenants::CreateTenant, request);
  if (!answer.ok()) return ReportError(options, answer.status());
  const v1::Entitlement& entitlement = answer->tenant().entitlement();
  if (!entitlement.all() && entitlement.area_codes().empty()) {
    fmt::print(stderr,
               "note: it may ask about no area code yet: dncctl tenants set {} "
               "--area-codes 201,212\n",
               Printable(arguments.tenant));
  }
  return PrintTenant(options, answer->tenant());
}

absl::StatusOr<v1::Tenant> Get(Session& session, const std::string& id) {
  v1::GetTenantRequest request;
  request.set_tenant_id(id);
  const auto answer = session.Call(session.tenants(), &Tenants::GetTenant, request);
  if (!answer.ok()) return answer.status();
  return answer->tenant();
}

// Changes the tenant as it is now. It never undoes what another operator changes meanwhile, because
// the server then refuses the change.
int Change(const GlobalOptions& options, const std::string& id,
           const std::vector<std::function<void(v1::Tenant*)>>& changes) {
  Session session(options);
  auto tenant = Get(session, id);
  if (!tenant.ok()) return ReportError(options, tenant.status());
  for (const auto& change : changes) change(&*tenant);
  v1::UpdateTenantRequest request;
  *request.mutable_tenant() = *std::move(tenant);
  const auto answer = session.Call(session.tenants(), &Tenants::UpdateTenant, request);
  if (!answer.ok()) return ReportError(options, answer.status());
  return PrintTenant(options, answer->tenant());
}

int RunSet(const GlobalOptions& options, const TenantArguments& arguments) {
  return Change(options, arguments.tenant, arguments.configuration.changes);
}

int RunSuspend(const GlobalOptions& options, const TenantArguments& arguments) {
  return Change(options, arguments.tenant,
                {[](v1::Tenant* tenant) { tenant->set_state(v1::TENANT_STATE_SUSPENDED); }});
}

int RunResume(const GlobalOptions& options, const TenantArguments& arguments) {
  return Change(options, arguments.tenant,
                {[](v1::Tenant* tenant) { tenant->set_state(v1::TENANT_STATE_ACTIVE); }});
}

int RunShow(const GlobalOptions& options, const TenantArguments& arguments) {
  Session session(options);
  const auto tenant = Get(session, arguments.tenant);
  return tenant.ok() ? PrintTenant(options, *tenant) : ReportError(options, tenant.status());
}

int RunRemove(const GlobalOptions& options, const TenantArguments& arguments) {
  Session session(options);
  v1::RemoveTenantRequest request;
  request.set_tenant_id(arguments.tenant);
  const auto answer = session.Call(session.tenants(), &Tenants::RemoveTenant, request);
  if (!answer.ok()) return ReportError(options, answer.status());
  if (options.json) {
    PrintJson(ToJson(*answer));
  } else {
    fmt::print("{}: removed with its keys and lists; revision {}\n", Printable(arguments.tenant),
               answer->revision());
  }
  return kExitOk;
}

int RunList(const GlobalOptions& options, const TenantArguments& /*arguments*/) {
  Session session(options);
  v1::ListTenantsRequest request;
  request.set_page_size(kPageSize);
  nlohmann::ordered_json object = {{"tenants", nlohmann::ordered_json::array()}};
  Table table({"TENANT", "STATE", "AREA CODES", "RECORDS", "MADE", "NAME"}, {3});
  do {
    const auto page = session.Call(session.tenants(), &Tenants::ListTenants, request);
    if (!page.ok()) return ReportError(options, page.status());
    for (const v1::Tenant& tenant : page->tenants()) {
      if (options.json) object["tenants"].push_back(ToJson(tenant));
      table.AddRow({tenant.tenant_id(), Name(tenant.state()), AreaCodesText(tenant.entitlement()),
                    WithCommas(tenant.records()), IsoTime(tenant.created_at()),
                    tenant.display_name()});
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  if (options.json) {
    PrintJson(object);
  } else {
    table.Print(stdout);
  }
  return kExitOk;
}

int RunChanges(const GlobalOptions& options, const TenantArguments& arguments) {
  Session session(options);
  v1::ListTenantChangesRequest request;
  request.set_tenant_id(arguments.tenant);
  nlohmann::ordered_json object = {{"changes", nlohmann::ordered_json::array()}};
  Table table({"REVISION", "TIME", "BY", "WHAT"}, {0});
  uint32_t left = arguments.limit;
  do {
    request.set_page_size(std::min(kPageSize, left));
    const auto page = session.Call(session.tenants(), &Tenants::ListTenantChanges, request);
    if (!page.ok()) return ReportError(options, page.status());
    for (const v1::TenantChange& change : page->changes()) {
      if (options.json) object["changes"].push_back(ToJson(change));
      table.AddRow({std::to_string(change.revision()), IsoTime(change.time()), change.changed_by(),
                    change.description()});
    }
    left -= std::min(left, static_cast<uint32_t>(page->changes_size()));
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty() && left > 0);
  if (options.json) {
    PrintJson(object);
  } else {
    table.Print(stdout);
  }
  return kExitOk;
}

}  // namespace

void AddTenantCommands(CLI::App* app, const GlobalOptions& options, Job* job) {
  CLI::App* tenants = app->add_subcommand("tenants", "Whom the server serves, and with what");
  tenants->require_subcommand(1);
  auto arguments = std::make_shared<TenantArguments>();
  using Run = int (*)(const GlobalOptions&, const TenantArguments&);
  const auto add = [&](const char* name, const char* description, Run run) {
    CLI::App* command = tenants->add_subcommand(name, description);
    SetJob(command, options, job, arguments, run);
    return command;
  };
  const auto add_one = [&](const char* name, const char* description, Run run) {
    CLI::App* command = add(name, description, run);
    command->add_option("tenant_id", arguments->tenant, "The tenant's id")->required();
    return command;
  };
  add("list", "All tenants", RunList);
  add_one("show", "One tenant", RunShow);
  AddConfigurationOptions(add_one("create", "Make a tenant", RunCreate), &arguments->configuration);
  AddConfigurationOptions(add_one("set", "Change what is given of a tenant", RunSet),
                          &arguments->configuration);
  add_one("suspend", "Refuse all its calls; its data stays", RunSuspend);
  add_one("resume", "Serve it again", RunResume);
  add_one("remove", "Remove a suspended tenant with its keys and lists", RunRemove);
  CLI::App* changes = add("changes", "What was changed, by whom, newest first", RunChanges);
  changes->add_option("tenant_id", arguments->tenant,
                      "Of which tenant; if not given, of the operator's keys and the server");
  changes->add_option("--limit", arguments->limit, "At most so many")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

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
  // Only the secret goes to stdout, for KEY=$(dncctl keys create ...).
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

}  // namespace dnc::cli
