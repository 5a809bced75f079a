// Gathers the server's metrics for Prometheus. docs/metrics.md lists them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/intake/intake.h"
#include "server/records/tenant_records.h"
#include "server/registry/registry.h"
#include "server/telemetry/load_counter.h"
#include "server/tenants/quota.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// What the collector reads; all of it must outlive the collector.
struct MetricsSources {
  const Metrics* metrics = nullptr;
  const Registry* registry = nullptr;
  const Intake* intake = nullptr;
  const TenantRecords* tenant_records = nullptr;
  const TenantDirectory* directory = nullptr;
  const QuotaMeter* quotas = nullptr;
  const Clock* clock = nullptr;
  // Returns when the served TLS certificate expires. Null if the server speaks plain text.
  std::function<absl::Time()> certificate_end;
};

// Gathers all values when Prometheus asks. Thread-safe.
class MetricsCollector final : public prometheus::Collectable {
 public:
  MetricsCollector(std::string version, const MetricsSources& sources);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::string version_;
  const MetricsSources from_;
  mutable absl::Mutex mutex_;
  mutable LoadCounter loads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dnc
