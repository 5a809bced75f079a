// Reads every record: to make the filter, and to see that none is missing or damaged.
#pragma once

#include <atomic>
#include <set>

#include "absl/status/statusor.h"
#include "server/index/growing_filter.h"
#include "server/storage/store.h"
#include "server/tenants/tenant.h"

namespace dnc {

struct FullReadOptions {
  int threads = 1;
  GrowingFilter::Rebuild* rebuild = nullptr;  // gets every key; null: none
  const std::atomic<bool>* stop = nullptr;    // ends the reading when it becomes true
  // How much a thread reads at once: so little that all threads end at about the same time.
  uint64_t records_per_part = 4'000'000;
};

// Reads the records of a snapshot, compares them with its ledger, and logs how far it is. Returns
// the tenants that have records which are missing, damaged, or in no entry of it. CANCELLED if it
// was stopped; DATA_LOSS OWN_LISTS_DAMAGED if an entry or a key is damaged; or an error of the
// store.
absl::StatusOr<std::set<TenantNumber>> ReadAllRecords(const StoreSnapshot& store,
                                                      const FullReadOptions& options);

}  // namespace dnc
