#include "server/http/metrics_door.h"

#include <utility>

#include "server/base/error.h"

namespace dnc {

absl::StatusOr<std::unique_ptr<MetricsDoor>> MetricsDoor::Open(const std::string& listen,
                                                               const StatusSources& sources,
                                                               Metrics* metrics) {
  std::unique_ptr<MetricsDoor> door(new MetricsDoor(sources));
  // Scrapers are few: a page must not be kept from them by others who hold connections.
  HttpOptions options;
  options.max_connections = 256;
  options.max_connections_per_address = 128;
  HttpFrontParts parts;
  parts.loops = &door->loops_;
  parts.router = &door->router_;
  parts.metrics = metrics;
  parts.uses_reserve = true;
  auto front = HttpFront::Open(listen, options, parts);
  if (!front.ok()) return WithPrefix(front.status(), "metrics_listen");
  door->front_ = *std::move(front);
  door->loops_.Start();
  door->front_->Start();
  return door;
}

MetricsDoor::MetricsDoor(const StatusSources& sources)
    : loops_(1, std::chrono::nanoseconds(0)), pages_(sources) {
  pages_.AddTo(nullptr, &router_);
}

MetricsDoor::~MetricsDoor() {
  if (front_ == nullptr) return;
  front_->StopListening();
  front_->CloseAll();
  pages_.Stop();
  loops_.Stop();
}

}  // namespace dnc
