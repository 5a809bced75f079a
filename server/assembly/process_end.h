// Ends the process: at a signal, or because a store is stuck.
#pragma once

#include <csignal>
#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace dnc {

// Blocks SIGINT and SIGTERM in every thread that begins later, for Wait to take. Ignores SIGPIPE.
// Make it once, before other threads run.
class StopSignals {
 public:
  StopSignals();
  // Returns when a signal comes. A second one ends the process at once.
  void Wait();

 private:
  sigset_t signals_;
};

// A store that takes no more writes ends the process, because a new start opens the store again.
// Thread-safe.
class StuckStore {
 public:
  // Returns a handler for StoreOptions::on_stuck. This object must outlive the stores.
  std::function<void(const absl::Status&)> Handler();
  // Returns why the process ends; OK if not because of a store.
  absl::Status cause() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Tell(const absl::Status& cause) ABSL_LOCKS_EXCLUDED(mutex_);

  mutable absl::Mutex mutex_;
  absl::Status cause_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dnc
