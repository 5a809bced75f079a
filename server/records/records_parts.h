// What the reader, the committer and maintenance of the tenants' records work on together. Each
// member is constant or thread-safe by itself.
#pragma once

#include <utility>

#include "server/base/clock.h"
#include "server/base/revision_order.h"
#include "server/index/growing_filter.h"
#include "server/records/record_health.h"
#include "server/records/record_stats.h"
#include "server/records/tenant_records.h"
#include "server/storage/store.h"

namespace dnc {

struct RecordsParts {
  RecordsParts(TenantRecordsOptions options_in, Store* store_in, RevisionOrder* order_in,
               const Clock* clock_in)
      : options(std::move(options_in)),
        store(store_in),
        order(order_in),
        clock(clock_in),
        filter(GrowingFilterOptions{.bits_a_key = options.filter_bits,
                                    .worn_share = options.filter_wear}) {}

  const TenantRecordsOptions options;
  Store* const store;
  RevisionOrder* const order;
  const Clock* const clock;
  GrowingFilter filter;
  RecordHealth health;
  RecordCounters counters;
};

}  // namespace dnc
