// Serves /metrics, /livez and /readyz on an address of their own, `metrics_listen`: in plain text,
// to whoever reaches it, on a loop of its own.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/metrics.h"
#include "server/http/http_front.h"
#include "server/http/router.h"
#include "server/http/status_pages.h"
#include "server/wire/event_loops.h"

namespace dnc {

class MetricsDoor {
 public:
  // Serves when it returns. The sources must outlive the door. Errors: UNAVAILABLE if the address
  // can't be listened on.
  static absl::StatusOr<std::unique_ptr<MetricsDoor>> Open(const std::string& listen,
                                                           const StatusSources& sources,
                                                           Metrics* metrics);
  ~MetricsDoor();
  MetricsDoor(const MetricsDoor&) = delete;
  MetricsDoor& operator=(const MetricsDoor&) = delete;

  const std::string& address() const { return front_->address(); }  // with the port that was taken

 private:
  explicit MetricsDoor(const StatusSources& sources);

  EventLoops loops_;
  Router router_;
  StatusPages pages_;
  std::unique_ptr<HttpFront> front_;
};

}  // namespace dnc
