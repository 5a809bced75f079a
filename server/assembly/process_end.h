// How the process comes to its end: by a signal, or because a store is stuck.
#pragma once

#include <csignal>
#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace dnc {

// SIGINT and SIGTERM, blocked in every thread that begins later and taken by Wait. SIGPIPE is
// ignored. Made once, before other threads run.
class StopSignals {
 public:
  StopSignals();
  // Returns when a signal comes. A second one ends the process at once.
  void Wait();

 private:
  sigset_t signals_;
};

// A store that takes no writes any more ends the process: started again, it opens the store anew.
// Thread-safe.
class StuckStore {
 public:
  // For StoreOptions::on_stuck; this object must outlive the stores.
  std::function<void(const absl::Status&)> Handler();
  // Why the process ends; OK: not because of a store.
  absl::Status cause() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Tell(const absl::Status& cause) ABSL_LOCKS_EXCLUDED(mutex_);

  mutable absl::Mutex mutex_;
  absl::Status cause_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dnc
