// Shows the server's metrics to Prometheus. docs/metrics.md lists them.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "prometheus/collectable.h"
#include "prometheus/exposer.h"
#include "prometheus/metric_family.h"
#include "server/base/clock.h"
#include "server/registry/registry.h"
#include "server/telemetry/load_counter.h"
#include "server/telemetry/metrics.h"

namespace dnc {

// Adds everything up when it is asked. Thread-safe.
class MetricsCollector final : public prometheus::Collectable {
 public:
  // What is given must outlive the collector.
  MetricsCollector(std::string version, const Metrics* metrics, const Registry* registry,
                   const Clock* clock);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::string version_;
  const Metrics* const metrics_;
  const Registry* const registry_;
  const Clock* const clock_;
  mutable std::mutex mutex_;
  mutable LoadCounter loads_;  // guarded by mutex_
};

// Serves http://HOST:PORT/metrics until it is destroyed. UNAVAILABLE if the address cannot be
// listened on.
absl::StatusOr<std::unique_ptr<prometheus::Exposer>> ServeMetrics(
    const std::string& listen, const std::shared_ptr<MetricsCollector>& collector);

}  // namespace dnc
