// dncgen tenants
#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "fmt/format.h"
#include "server/base/status_macros.h"
#include "tools/dncgen/commands.h"
#include "tools/dncgen/tenant_store.h"

namespace dnc {
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
      "tenants", "Write a new data folder of dncd with tenants and their own lists");
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
