// What watches a server reads of it: /metrics, /livez and /readyz.
#pragma once

#include <string>
#include <vector>

#include "server/base/metrics.h"
#include "server/http/http_access.h"
#include "server/http/router.h"
#include "server/registry/registry.h"
#include "server/service/health.h"
#include "server/service/worker_pool.h"
#include "server/telemetry/metrics_collector.h"

namespace dnc {

// What the pages show; all of it outlives the pages.
struct StatusSources {
  const HealthBoard* health = nullptr;
  const Registry* registry = nullptr;
  const Metrics* metrics = nullptr;
  const MetricsCollector* collector = nullptr;
};

// Gathers what it shows on a thread of its own, so that neither busy workers nor a busy loop make
// it late, and it makes none of them late. Thread-safe.
class StatusPages {
 public:
  explicit StatusPages(const StatusSources& sources);

  // Adds the routes, which this must outlive. `access`: asks it who may read; null: everybody may.
  void AddTo(const HttpAccess* access, Router* router);
  // Returns when all pages that were asked for are answered. Nothing may be asked for from then on.
  void Stop() { worker_.Stop(); }

 private:
  // Why scrubs can't be answered; empty if they can.
  std::vector<std::string> WhyNotReady() const;
  HttpAnswer Ready() const;
  HttpAnswer MetricsPage(const HttpRequest& request) const;
  // Has `page` made on the worker.
  void Post(const HttpCallPtr& call, HttpAnswer (*page)(const StatusPages&, const HttpRequest&));

  const StatusSources from_;
  WorkerPool worker_;
};

}  // namespace dnc
