// Answers the requests of dnc.v1.ScrubService: checks them, asks the engine or the registry, and
// fills the answer. Knows nothing of calls and queues.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "dnc/v1/scrub_service.pb.h"
#include "server/base/clock.h"
#include "server/registry/registry.h"
#include "server/telemetry/metrics.h"

namespace dnc {

struct ScrubLimits {
  int max_batch = 10'000;
  // The longest that a request waits for its at_least_revision.
  absl::Duration revision_wait = absl::Seconds(1);
  // How many requests may wait so at the same time; the rest is refused at once.
  int max_revision_waits = 3;
};

// Thread-safe. An answer has as many entries as were asked, or it is an error.
class ScrubHandler {
 public:
  ScrubHandler(ScrubLimits limits, Registry* registry, Metrics* metrics, const Clock* clock)
      : limits_(limits), registry_(registry), metrics_(metrics), clock_(clock) {}

  // Whether Scrub answers from memory, without reading the disk and without waiting.
  bool IsFast(const v1::ScrubRequest& request) const;

  // `deadline`: the caller's. `response` must be empty.
  absl::Status Scrub(const v1::ScrubRequest& request, absl::Time deadline,
                     v1::ScrubResponse* response);

  absl::Status CheckNumber(const v1::CheckNumberRequest& request, absl::Time deadline,
                           v1::CheckNumberResponse* response);

 private:
  absl::Status WaitForRevision(uint64_t revision, absl::Time deadline);
  absl::StatusOr<Explanation> Explain(absl::Span<const ParsedNumber> numbers,
                                      const google::protobuf::Timestamp* as_of) const;
  absl::Status ScrubFast(absl::Span<const ParsedNumber> numbers, v1::ScrubResponse* response);
  absl::Status ScrubExplained(const v1::ScrubRequest& request,
                              absl::Span<const ParsedNumber> numbers, v1::ScrubResponse* response);

  const ScrubLimits limits_;
  Registry* const registry_;
  Metrics* const metrics_;
  const Clock* const clock_;
  std::atomic<int> revision_waits_{0};
};

}  // namespace dnc
