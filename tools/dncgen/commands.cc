#include "tools/dncgen/commands.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <bitset>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fmt/format.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/rules/area_codes.h"
#include "tools/dncgen/base_set.h"
#include "tools/dncgen/change_list.h"
#include "tools/dncgen/file_name.h"
#include "tools/dncgen/full_list.h"
#include "tools/dncgen/lead_list.h"
#include "tools/dncgen/other_list.h"
#include "tools/dncgen/tenant_store.h"

namespace dnc {
namespace {

int ThreadCount() { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

class Stopwatch {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Adds a command with its options. `run` gets them if the command was chosen.
template <typename Options>
CLI::App* AddCommand(CLI::App& app, const std::string& name, const std::string& help,
                     const std::shared_ptr<Options>& options, absl::Status& status,
                     absl::Status (*run)(const Options&)) {
  CLI::App* command = app.add_subcommand(name, help);
  command->callback([options, &status, run] { status = run(*options); });
  return command;
}

void AddAreaCodes(CLI::App& command, std::vector<int>& area_codes, const std::string& name) {
  command
      .add_option(name, area_codes, "Only these, for example 201,212; all in service if not given")
      ->delimiter(',')
      ->check(CLI::Range(200, 999));
}

struct FullArguments {
  FullListOptions list;
  std::string date;
};

absl::Status RunFull(const FullArguments& arguments) {
  FullListOptions options = arguments.list;
  DNC_ASSIGN_OR_RETURN(options.day, ParseDay(arguments.date));
  const Stopwatch watch;
  DNC_ASSIGN_OR_RETURN(const FullListResult result, WriteFullList(options));
  fmt::print(stderr, "wrote {} numbers in {} files to {} in {:.1f} s\n", result.numbers,
             result.paths.size(), options.folder, watch.Seconds());
  return absl::OkStatus();
}

struct ChangesArguments {
  ChangeListOptions list;
  std::string base;
  std::string date;
};

absl::Status RunChanges(const ChangesArguments& arguments) {
  ChangeListOptions options = arguments.list;
  options.folder = arguments.base;
  if (!arguments.date.empty()) {
    DNC_ASSIGN_OR_RETURN(options.day, ParseDay(arguments.date));
  }
  DNC_ASSIGN_OR_RETURN(const BaseSet base, BaseSet::Read(arguments.base, ThreadCount()));
  DNC_ASSIGN_OR_RETURN(const std::string path, WriteChangeList(base, options));
  fmt::print("{}\n", path);
  return absl::OkStatus();
}

struct LeadsArguments {
  LeadListOptions list;
  std::string base;
  std::string changes;
};

absl::Status RunLeads(const LeadsArguments& arguments) {
  DNC_ASSIGN_OR_RETURN(BaseSet base, BaseSet::Read(arguments.base, ThreadCount()));
  if (!arguments.changes.empty()) DNC_RETURN_IF_ERROR(base.Apply(arguments.changes));
  DNC_ASSIGN_OR_RETURN(const uint64_t hits, WriteLeadList(base, arguments.list));
  fmt::print(stderr, "wrote {} leads, {} of them listed, to {}\n", arguments.list.numbers, hits,
             arguments.list.path);
  return absl::OkStatus();
}

struct ListArguments {
  OtherListOptions list;
  std::string state;
};

absl::Status RunList(const ListArguments& arguments) {
  OtherListOptions options = arguments.list;
  const std::bitset<1000> of_state = AreaCodesOfState(arguments.state);
  if (!arguments.state.empty() && of_state.none()) {
    return Error(reason::kInvalidRequest,
                 fmt::format("'{}' is no state; name one by its postal code, for example TX",
                             arguments.state));
  }
  for (int code = 0; code < kAreaCodes; ++code) {
    if (of_state[static_cast<size_t>(code)]) options.area_codes.push_back(code);
  }
  DNC_RETURN_IF_ERROR(WriteOtherList(options));
  fmt::print(stderr, "wrote {} numbers to {}\n", options.numbers, options.path);
  return absl::OkStatus();
}

}  // namespace

void AddFullCommand(CLI::App& app, absl::Status& status) {
  auto arguments = std::make_shared<FullArguments>();
  arguments->list.threads = ThreadCount();
  CLI::App* command = AddCommand<FullArguments>(
      app, "full", "Write a full list: a zipped file an area code", arguments, status, RunFull);
  FullListOptions& list = arguments->list;
  command->add_option("--out", list.folder, "The folder to write to")->required();
  command->add_option("--numbers", list.numbers, "How many numbers, over all files")
      ->required()
      ->check(CLI::PositiveNumber);
  command->add_option("--seed", list.seed, "Another seed gives other numbers")
      ->capture_default_str();
  AddAreaCodes(*command, list.area_codes, "--area-codes");
  command->add_option("--date", arguments->date,
                      "The files' date, YYYY-MM-DD; today (UTC) if not given");
  command->add_flag("--plain", list.plain, "Do not zip");
  command->add_flag("--xml", list.xml, "XML instead of flat text");
  command->add_flag("--single-file", list.single_file, "All area codes in one file");
  command->add_option("--threads", list.threads, "Files written at the same time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->footer(
      "Examples:\n"
      "  dncgen full --out full --numbers 260000000\n"
      "  dncgen full --out small --numbers 20000 --area-codes 201,212 --date 2026-08-05 --plain");
}

void AddChangesCommand(CLI::App& app, absl::Status& status) {
  auto arguments = std::make_shared<ChangesArguments>();
  CLI::App* command = AddCommand<ChangesArguments>(
      app, "changes", "Write a change list that fits a full list; prints its path", arguments,
      status, RunChanges);
  ChangeListOptions& list = arguments->list;
  command->add_option("--base", arguments->base, "The folder of the full list")->required();
  command->add_option("--adds", list.adds, "Numbers to add, not in the base")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--deletes", list.deletes, "Numbers to delete, in the base, after its day")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--out", list.path, "The file to write; in the base's folder if not given");
  command->add_option("--date", arguments->date,
                      "The file's date, YYYY-MM-DD; the day after the base's if not given");
  command->add_option("--seed", list.seed, "Another seed gives other changes")
      ->capture_default_str();
  command->footer("Example:\n  dncgen changes --base full --adds 150000 --deletes 50000");
}

void AddLeadsCommand(CLI::App& app, absl::Status& status) {
  auto arguments = std::make_shared<LeadsArguments>();
  arguments->list.path = "leads.csv";
  CLI::App* command =
      AddCommand<LeadsArguments>(app, "leads", "Write a calling list, id,name,phone,city, as CSV",
                                 arguments, status, RunLeads);
  LeadListOptions& list = arguments->list;
  command->add_option("--base", arguments->base, "The folder of the full list")->required();
  command->add_option("--numbers", list.numbers, "How many leads")
      ->required()
      ->check(CLI::PositiveNumber);
  command->add_option("--hit-rate", list.hit_rate, "The share that is listed")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--changes", arguments->changes, "A change list to apply to the base first");
  command->add_option("--out", list.path, "The file to write")->capture_default_str();
  command->add_option("--truth", list.truth_path, "Also write id,listed to this file");
  command->add_option("--seed", list.seed, "Another seed gives other leads")->capture_default_str();
  command->footer("Example:\n  dncgen leads --base full --numbers 100000 --hit-rate 0.48");
}

void AddListCommand(CLI::App& app, absl::Status& status) {
  auto arguments = std::make_shared<ListArguments>();
  CLI::App* command = AddCommand<ListArguments>(app, "list", "Write a list of another kind",
                                                arguments, status, RunList);
  OtherListOptions& list = arguments->list;
  const std::map<std::string, OtherListKind> kinds = {{"state", OtherListKind::kState},
                                                      {"litigator", OtherListKind::kLitigator},
                                                      {"wireless", OtherListKind::kWireless}};
  command->add_option("--kind", list.kind, "state or litigator (CSV), wireless (ported numbers)")
      ->required()
      ->transform(CLI::CheckedTransformer(kinds));
  command->add_option("--out", list.path, "The file to write")->required();
  command->add_option("--numbers", list.numbers, "How many numbers")
      ->required()
      ->check(CLI::PositiveNumber);
  AddAreaCodes(*command, list.area_codes, "--area-codes");
  command->add_option("--state", arguments->state, "The area codes of a state, for example TX");
  command->add_option("--seed", list.seed, "Another seed gives other numbers")
      ->capture_default_str();
  command->add_flag("--ranges", list.ranges, "wireless: neighbours as ranges");
  command->footer(
      "Examples:\n"
      "  dncgen list --kind state --state TX --numbers 100000 --out texas.csv\n"
      "  dncgen list --kind wireless --numbers 50000 --out WIRELINE-TO-WIRELESS-NORANGE.TXT");
}

namespace {

absl::Status RunTenants(const TenantStoreOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  DNC_ASSIGN_OR_RETURN(const TenantStoreResult result, WriteTenantStore(options));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  fmt::print(stderr, "wrote {} records of {} tenants to {} in {:.1f} s; revision {}\n",
             result.records, options.tenants, options.data_dir, took.count(), result.revision);
  return absl::OkStatus();
}

}  // namespace

void AddTenantsCommand(CLI::App& app, absl::Status& status) {
  auto options = std::make_shared<TenantStoreOptions>();
  options->threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  options->tenants = 10'000;
  CLI::App* command = app.add_subcommand(
      "tenants", "Write a new data folder of dncd with tenants and their records");
  command->add_option("--data-dir", options->data_dir, "The folder; no server may have it open")
      ->required();
  command->add_option("--records", options->records, "How many records, over all tenants")
      ->required()
      ->check(CLI::PositiveNumber);
  command->add_option("--tenants", options->tenants, "How many tenants, t00001 and so on")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Another seed gives other numbers")
      ->capture_default_str();
  command->footer(
      "A few tenants have most records: the first 9 of 100, the median one in two million.\n"
      "Example:\n  dncgen tenants --data-dir /tmp/dnc --records 1000000 --tenants 1000");
  command->callback([options, &status] { status = RunTenants(*options); });
}

}  // namespace dnc
