// Measures a batch for tenants of a large platform, inside the server: hundreds of millions of
// tenant records are on the disk behind the Bloom filter, and the national list of 260 million is
// in memory.
//
//   dncgen tenants --data-dir DIR --records 500000000
//   measure_tenants DIR [--batch 1000] [--own-hits 0.02] [--cache-mib 256]
//
// dncgen must have made the folder (its seed tells what the answers must be), and no server may
// have it open. Tenants are drawn by the size of their lists, and hits on record from all of a
// tenant's numbers. Each batch is asked twice: the first time its records are on the disk or in the
// page cache, the second time in the store's cache. A wrong answer ends the run.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "bench/synthetic_registry.h"
#include "fmt/format.h"
#include "server/base/status_macros.h"
#include "server/records/tenant_records.h"
#include "server/rpc/fake_registry.h"
#include "server/rpc/scrub_handler.h"
#include "server/storage/store.h"
#include "server/storage/tenant_columns.h"
#include "server/tenants/tenant_directory.h"
#include "tools/dncgen/random.h"
#include "tools/dncgen/tenant_plan.h"

namespace dnc {
namespace {

struct Options {
  std::string data_dir;
  size_t batch = 1'000;
  double record_hits = 0.02;
  uint64_t cache_mib = 256;
  uint64_t seed = 1;
  int batches = 2'000;
  int millions = 260;
};

struct Stores {
  RevisionOrder order;
  std::unique_ptr<Store> store;
  std::unique_ptr<TenantRecords> lists;
  std::unique_ptr<TenantDirectory> directory;
  ~Stores() {
    directory.reset();
    lists.reset();
  }
};

absl::Status Open(const Options& options, const Clock* clock, Stores& stores) {
  StoreOptions store;
  store.path = options.data_dir + "/tenants";
  store.block_cache_bytes = options.cache_mib << 20;
  store.columns = TenantColumns();
  DNC_ASSIGN_OR_RETURN(stores.store, Store::Open(store));
  TenantRecordsOptions record_options;
  record_options.data_dir = options.data_dir;
  DNC_ASSIGN_OR_RETURN(
      stores.lists, TenantRecords::Open(record_options, stores.store.get(), &stores.order, clock));
  DNC_ASSIGN_OR_RETURN(stores.directory,
                       TenantDirectory::Open(stores.store.get(), &stores.order, clock, {}));
  return absl::OkStatus();
}

SnapshotPtr National(int millions, uint64_t revision) {
  auto list = std::make_shared<SnapshotList>();
  list->name = "national";
  list->release_id = 1;
  list->digest = std::string(32, 'd');
  list->numbers = BenchRegistry(millions);
  for (const int area : AreaCodesOf(list->numbers)) {
    list->areas[area] = {AreaState::kLoaded, absl::Now() - absl::Hours(24)};
  }
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->revision = revision;
  snapshot->lists.push_back(std::move(list));
  return snapshot;
}

// A batch of one tenant, and which of its numbers have a do-not-call request on record.
struct Question {
  size_t tenant = 0;
  v1::ScrubRequest request;
  std::vector<bool> on_record;
  size_t record_hits = 0;
};

class Questions {
 public:
  explicit Questions(const Options& options)
      : options_(options), random_(options.seed, Purpose::kLeads) {}

  Question Make(const std::vector<TenantPlan>& plans, const std::vector<Number>& others) {
    uint64_t records = 0;
    for (const TenantPlan& plan : plans) records += plan.records;
    Question question;
    uint64_t drawn = random_.Below64(records);
    while (drawn >= plans[question.tenant].records) drawn -= plans[question.tenant++].records;
    const TenantNumbers numbers(plans[question.tenant], options_.seed);
    for (size_t i = 0; i < options_.batch; ++i) {
      const Number number = random_.Unit() < options_.record_hits
                                ? numbers.Nth(random_.Below64(numbers.size()))
                                : others[random_.Below64(others.size())];
      const auto index = numbers.IndexOf(number);
      question.request.add_numbers(number);
      question.on_record.push_back(index.has_value() &&
                                   numbers.ListOf(*index) == PlannedList::kInternal);
      question.record_hits += index.has_value() ? 1 : 0;
    }
    return question;
  }

 private:
  const Options& options_;
  Random random_;
};

// The result of asking all questions once.
struct Round {
  std::vector<double> microseconds;
  uint64_t record_hits = 0;
  uint64_t wrong = 0;

  double Percentile(double share) {
    std::sort(microseconds.begin(), microseconds.end());
    return microseconds[static_cast<size_t>(share * static_cast<double>(microseconds.size() - 1))];
  }
};

void Ask(ScrubHandler& handler, const Stores& stores, const TenantPlan& plan,
         const Question& question, Round& round) {
  Caller caller = stores.directory->LocalCaller();
  caller.tenant = *stores.directory->Find(plan.id);
  v1::ScrubResponse response;
  const auto start = std::chrono::steady_clock::now();
  const absl::Status status = handler.Scrub(caller, question.request, &response);
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
  round.microseconds.push_back(took.count());
  round.record_hits += question.record_hits;
  const bool answered =
      status.ok() && static_cast<size_t>(response.verdicts().size()) == question.on_record.size();
  for (size_t i = 0; i < question.on_record.size(); ++i) {
    const bool right = answered && (!question.on_record[i] ||
                                    response.verdicts(static_cast<int>(i)) == v1::VERDICT_LISTED);
    round.wrong += right ? 0 : 1;
  }
}

void Print(const char* name, Round& round) {
  fmt::print("{:<28} p50 {:>6.1f} µs  p99 {:>7.1f} µs\n", name, round.Percentile(0.5),
             round.Percentile(0.99));
}

// Everything that the filter let through, and nothing else, must have been read from the store.
void PrintReads(const TenantRecords& lists, uint64_t record_hits, uint64_t asked) {
  const TenantRecordsStats stats = lists.stats();
  fmt::print(
      "numbers asked {}, on record {}, let through by the filter {} ({:.2f} % of the "
      "others), read from the store {}\n",
      asked, record_hits, stats.filter_passed,
      100.0 * static_cast<double>(stats.filter_passed - record_hits) /
          static_cast<double>(asked - record_hits),
      stats.store_reads);
}

absl::StatusOr<uint64_t> Run(const Options& options) {
  const Clock clock;
  Stores stores;
  const auto start = std::chrono::steady_clock::now();
  DNC_RETURN_IF_ERROR(Open(options, &clock, stores));
  const std::chrono::duration<double> opened = std::chrono::steady_clock::now() - start;
  const uint64_t records = stores.lists->stats().records;
  uint64_t tenants = stores.directory->All().size() - 1;  // `default` does not count
  fmt::print(
      "{} records of {} tenants, opened in {:.2f} s; filter {:.2f} bytes a record\n", records,
      tenants, opened.count(),
      static_cast<double>(stores.lists->stats().filter_bytes) / static_cast<double>(records));
  const std::vector<TenantPlan> plans = PlanTenants(tenants, records, options.seed);
  FakeRegistry registry("/nonexistent");
  registry.SetSnapshot(National(options.millions, stores.order.last()));
  Metrics metrics;
  QuotaMeter quotas;
  Decider decider(DecideLimits(), {&registry, stores.lists.get(), &quotas, &metrics, &clock});
  ScrubHandler handler(&decider);
  const std::vector<Number> others = BenchQuestions(BenchRegistry(options.millions), 10'000'000);
  Questions make(options);
  Round first;
  Round second;
  for (int i = 0; i < options.batches; ++i) {
    const Question question = make.Make(plans, others);
    Ask(handler, stores, plans[question.tenant], question, first);
    Ask(handler, stores, plans[question.tenant], question, second);
  }
  Print("records on disk", first);
  Print("records in the store's cache", second);
  PrintReads(*stores.lists, first.record_hits + second.record_hits,
             2 * options.batch * static_cast<uint64_t>(options.batches));
  return first.wrong + second.wrong;
}

}  // namespace
}  // namespace dnc

int main(int argc, char** argv) {
  dnc::Options options;
  CLI::App app("Measures batches for tenants over a data folder of `dncgen tenants`.");
  app.add_option("data-dir", options.data_dir, "The folder; it is not changed")->required();
  app.add_option("--batch", options.batch, "Numbers a batch")->capture_default_str();
  app.add_option("--own-hits", options.record_hits, "Share on the tenant's lists")
      ->capture_default_str();
  app.add_option("--cache-mib", options.cache_mib, "As tenants.block_cache_bytes")
      ->capture_default_str();
  app.add_option("--batches", options.batches, "How many")->capture_default_str();
  app.add_option("--millions", options.millions, "Of the national list")->capture_default_str();
  app.add_option("--seed", options.seed, "That of dncgen tenants")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const auto wrong = dnc::Run(options);
  if (wrong.ok() && *wrong == 0) return 0;
  fmt::print(
      stderr, "measure_tenants: {}\n",
      wrong.ok() ? fmt::format("{} wrong answers", *wrong) : std::string(wrong.status().message()));
  return 1;
}
