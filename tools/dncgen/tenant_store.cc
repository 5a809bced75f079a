#include "tools/dncgen/tenant_store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "server/base/clock.h"
#include "server/base/error.h"
#include "server/base/revision_order.h"
#include "server/base/status_macros.h"
#include "server/records/bulk_load.h"
#include "server/records/tenant_records.h"
#include "server/storage/store.h"
#include "server/storage/tenant_columns.h"
#include "server/tenants/tenant_directory.h"
#include "tools/dncgen/parallel.h"
#include "tools/dncgen/random.h"
#include "tools/dncgen/tenant_plan.h"

namespace dnc {
namespace {

constexpr char kBy[] = "local";
// One file of the store holds so many records.
constexpr uint64_t kRecordsPerRun = 2'000'000;

// The records [begin, end) of one tenant.
struct Slice {
  size_t tenant = 0;
  uint64_t begin = 0;
  uint64_t end = 0;
};
// What goes into one file: slices that are neighbors in the order of keys.
using Work = std::vector<Slice>;

// Cuts the tenants, in the order of their numbers, into pieces of about kRecordsPerRun records.
std::vector<Work> CutWork(const std::vector<TenantPlan>& plans) {
  std::vector<Work> all(1);
  uint64_t room = kRecordsPerRun;
  for (size_t tenant = 0; tenant < plans.size(); ++tenant) {
    for (uint64_t begin = 0; begin < plans[tenant].records;) {
      const uint64_t end = std::min(plans[tenant].records, begin + room);
      all.back().push_back({tenant, begin, end});
      room -= end - begin;
      begin = end;
      if (room > 0) continue;
      all.emplace_back();
      room = kRecordsPerRun;
    }
  }
  if (all.back().empty()) all.pop_back();
  return all;
}

// The numbers under which the store knows a tenant and its lists.
struct StoredTenant {
  TenantNumber number = 0;
  std::array<ListNumber, 3> lists{};  // indexed by PlannedList
};

absl::StatusOr<StoredTenant> MakeTenant(const TenantPlan& plan, TenantDirectory& directory) {
  Tenant tenant;
  tenant.id = plan.id;
  tenant.display_name = "Synthetic " + plan.id;
  tenant.terms.entitled.set();
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr made, directory.Create(tenant, kBy));
  StoredTenant stored;
  stored.number = made->tenant.number;
  stored.lists[0] = made->lists.at(kDefaultListId).number;
  TenantList list;
  list.id = "customers";
  list.kind = TenantListKind::kEbr;
  DNC_ASSIGN_OR_RETURN(const TenantList customers, directory.CreateList(plan.id, list, kBy));
  stored.lists[1] = customers.number;
  list.id = "consents";
  list.kind = TenantListKind::kConsent;
  DNC_ASSIGN_OR_RETURN(const TenantList consents, directory.CreateList(plan.id, list, kBy));
  stored.lists[2] = consents.number;
  return stored;
}

TenantRecord MakeRecord(Number number, PlannedList list, uint64_t revision, absl::Time now,
                        uint64_t seed) {
  Random random(seed, Purpose::kTenants, {number, 1});
  TenantRecord record;
  record.number = number;
  record.revision = revision;
  record.made_by = kBy;
  record.made_at = now - absl::Seconds(random.Below(4 * 365 * 86'400));
  switch (list) {
    case PlannedList::kInternal:
      record.channel = static_cast<Channel>(1 + random.Below(5));
      if (random.Below(20) == 0) record.reason = "asked during the call";
      break;
    case PlannedList::kEbr:
      record.ebr_kind = random.Below(4) == 0 ? EbrKind::kInquiry : EbrKind::kTransaction;
      record.last_event_at = record.made_at;
      break;
    case PlannedList::kConsent:
      record.source = "web form";
      record.expires_at = now + absl::Hours(24 * random.Below(730));
      break;
  }
  return record;
}

class Writer {
 public:
  Writer(const TenantStoreOptions& options, const std::vector<TenantPlan>& plans,
         const std::vector<StoredTenant>& stored, uint64_t revision, BulkLoad* bulk)
      : options_(options),
        plans_(plans),
        stored_(stored),
        revision_(revision),
        bulk_(bulk),
        work_(CutWork(plans)) {}

  absl::Status Run() {
    return ForEachInParallel(work_.size(), options_.threads,
                             [this](size_t at) { return Write(work_[at]); });
  }

 private:
  absl::Status Write(const Work& work) {
    DNC_ASSIGN_OR_RETURN(const auto run, bulk_->NewRun());
    for (const Slice& slice : work) {
      const TenantNumbers numbers(plans_[slice.tenant], options_.seed);
      const StoredTenant& tenant = stored_[slice.tenant];
      for (uint64_t i = slice.begin; i < slice.end; ++i) {
        const Number number = numbers.Nth(i);
        const PlannedList list = numbers.ListOf(i);
        DNC_RETURN_IF_ERROR(
            run->Add({tenant.number, number, tenant.lists[static_cast<size_t>(list)]},
                     MakeRecord(number, list, revision_, now_, options_.seed)));
      }
    }
    DNC_RETURN_IF_ERROR(run->Finish());
    const uint64_t written = written_.fetch_add(run->records()) + run->records();
    if (options_.progress) options_.progress(written);
    return absl::OkStatus();
  }

  const TenantStoreOptions& options_;
  const std::vector<TenantPlan>& plans_;
  const std::vector<StoredTenant>& stored_;
  const uint64_t revision_;
  BulkLoad* const bulk_;
  const std::vector<Work> work_;
  const absl::Time now_ = absl::Now();
  std::atomic<uint64_t> written_{0};
};

// Makes the other half of the data folder, empty: a server accepts no half alone.
absl::Status MakePublishedStore(const std::filesystem::path& data_dir) {
  return Store::Open({.path = (data_dir / "store").string()}).status();
}

}  // namespace

absl::StatusOr<TenantStoreResult> WriteTenantStore(const TenantStoreOptions& options) {
  if (options.tenants == 0 || options.records < options.tenants) {
    return Error(reason::kInvalidRequest, "there must be a tenant at least, and a record a tenant");
  }
  const std::vector<TenantPlan> plans = PlanTenants(options.tenants, options.records, options.seed);
  std::filesystem::create_directories(options.data_dir);
  const Clock clock;
  RevisionOrder order;
  StoreOptions store_options;
  store_options.path = (std::filesystem::path(options.data_dir) / "tenants").string();
  store_options.columns = TenantColumns();
  DNC_RETURN_IF_ERROR(MakePublishedStore(options.data_dir));
  DNC_ASSIGN_OR_RETURN(const auto store, Store::Open(store_options));
  {
    // This makes a new store, or finds out that an existing one is whole.
    TenantRecordsOptions record_options;
    record_options.data_dir = options.data_dir;
    DNC_RETURN_IF_ERROR(TenantRecords::Open(record_options, store.get(), &order, &clock).status());
  }
  DNC_ASSIGN_OR_RETURN(const auto bulk, BulkLoad::Begin(store.get(), options.data_dir));
  std::vector<StoredTenant> stored;
  {
    DirectoryLimits limits;
    limits.max_tenants = static_cast<uint32_t>(std::min<uint64_t>(
        UINT32_MAX, std::max<uint64_t>(limits.max_tenants, options.tenants + 1)));
    DNC_ASSIGN_OR_RETURN(const auto directory,
                         TenantDirectory::Open(store.get(), &order, &clock, limits));
    for (const TenantPlan& plan : plans) {
      DNC_ASSIGN_OR_RETURN(stored.emplace_back(), MakeTenant(plan, *directory));
    }
  }
  RevisionOrder::Change change = order.Begin();
  DNC_RETURN_IF_ERROR(Writer(options, plans, stored, change.revision(), bulk.get()).Run());
  DNC_RETURN_IF_ERROR(bulk->Finish(change.revision()));
  change.Commit();
  return TenantStoreResult{options.records, change.revision()};
}

}  // namespace dnc
