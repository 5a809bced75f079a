// Work that is done again and again on a thread of its own.
//
//   PeriodicTask maintenance(absl::Minutes(1), [this] { Maintain(); });
//   maintenance.Wake();  // for work that should not wait until it is due
//
// The destructor waits for a run that is under way, so a class declares its task after all that the
// task uses.
#pragma once

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/base/steady_wait.h"

namespace dnc {

// Thread-safe.
class PeriodicTask {
 public:
  // Calls `work` first after `interval`, and then always `interval` after it has returned. An
  // infinite interval leaves it to Wake.
  PeriodicTask(absl::Duration interval, std::function<void()> work);
  // Does what Stop does.
  ~PeriodicTask();
  PeriodicTask(const PeriodicTask&) = delete;
  PeriodicTask& operator=(const PeriodicTask&) = delete;

  // Has the work done as soon as possible: once more if it is under way, however often this is
  // called meanwhile. After Stop it does nothing.
  void Wake() ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits for a run that is under way; no other begins. Must not be called by the work itself.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  const absl::Duration interval_;
  const std::function<void()> work_;
  absl::Mutex mutex_;
  SteadyWait wait_;  // for what mutex_ guards
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace dnc
