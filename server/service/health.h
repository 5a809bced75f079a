// Which services of the server serve, as grpc.health.v1 tells it and load balancers ask.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/base/metrics.h"
#include "server/base/periodic_task.h"
#include "server/registry/registry.h"

namespace dnc {

// Whether scrubs can be answered: the data is read and verified, and at least one list that the
// policy requires covers an area code.
bool CanAnswerScrubs(const Registry& registry);

// Which services serve. Thread-safe.
class HealthBoard {
 public:
  // `on_change` is called whenever something has changed, quickly and on the thread that changed
  // it; it may be empty.
  explicit HealthBoard(std::function<void()> on_change = {}) : on_change_(std::move(on_change)) {}

  // Whether `service` serves; nothing if there is no such service.
  std::optional<bool> Serves(const std::string& service) const ABSL_LOCKS_EXCLUDED(mutex_);
  void Set(std::string_view service, bool serves) ABSL_LOCKS_EXCLUDED(mutex_);
  // Holds for good: later calls of Set change nothing.
  void SetNothingServes() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const std::function<void()> on_change_;
  mutable absl::Mutex mutex_;
  std::map<std::string, bool, std::less<>> serves_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

// Keeps the board in step with the registry: looks when it is made and then five times a second. ""
// and `dnc.v1.ScrubService` serve while scrubs can be answered and connections are accepted,
// `dnc.v1.RegistryService` until Stop.
class HealthReporter {
 public:
  // All must outlive the reporter.
  HealthReporter(HealthBoard* health, const Registry* registry, const Metrics* metrics);
  ~HealthReporter();  // does what Stop does
  HealthReporter(const HealthReporter&) = delete;
  HealthReporter& operator=(const HealthReporter&) = delete;

  // Nothing serves from now on.
  void Stop();

 private:
  bool Serves() const;
  void Report(bool scrubs);

  HealthBoard* const health_;
  const Registry* const registry_;
  const Metrics* const metrics_;
  std::optional<bool> reported_;  // of the constructor, then of the task
  std::optional<PeriodicTask> task_;
};

}  // namespace dnc
