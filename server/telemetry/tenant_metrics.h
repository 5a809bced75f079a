// Reports the metrics of tenants, their quotas and their lists. All are sums over all tenants,
// because a label that names a tenant would grow without limit and reveal who asked.
#pragma once

#include <vector>

#include "absl/time/time.h"
#include "prometheus/metric_family.h"
#include "server/records/record_stats.h"
#include "server/tenants/quota.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

struct TenantStats {
  DirectoryCounts directory;
  QuotaRefusals quotas;
  TenantRecordsStats lists;
};

void AddTenantMetrics(const TenantStats& stats, absl::Time now,
                      std::vector<prometheus::MetricFamily>* families);

}  // namespace dnc
