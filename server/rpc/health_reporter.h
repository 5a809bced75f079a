// Keeps grpc.health.v1 in step with the registry.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/time/time.h"
#include "server/base/metrics.h"
#include "server/registry/registry.h"
#include "server/rpc/health_service.h"

namespace dnc {

// Whether scrubs can be answered: the data is read and verified, and at least one list that the
// policy requires covers an area code.
bool CanAnswerScrubs(const Registry& registry);

// Looks at its start and then five times a second. "" and `dnc.v1.ScrubService` are SERVING while
// scrubs can be answered and connections are accepted, `dnc.v1.RegistryService` until Stop.
class HealthReporter {
 public:
  // All must outlive the reporter.
  HealthReporter(HealthBoard* health, const Registry* registry, const Metrics* metrics);
  ~HealthReporter();  // as Stop
  HealthReporter(const HealthReporter&) = delete;
  HealthReporter& operator=(const HealthReporter&) = delete;

  // Everything is NOT_SERVING from now on.
  void Stop();

 private:
  bool Serves() const;
  void Run();
  void Report(bool scrubs);

  HealthBoard* const health_;
  const Registry* const registry_;
  const Metrics* const metrics_;
  std::optional<bool> reported_;  // of the constructor, then of the thread
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace dnc
