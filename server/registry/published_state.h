// What is in force now, for those who read it: the state, and the snapshots that scrubs take.
//
//   starting: nothing yet -> Publish (each replaces all that was there)
//                    \----> NoteStarted(error): the start failed, and nothing is ever published
//
// Who publishes must see to it that only one thread does at a time.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/base/clock.h"
#include "server/registry/policy.h"
#include "server/registry/registry_state.h"

namespace dnc {

// Thread-safe.
class PublishedState {
 public:
  struct View {
    RegistryStatePtr state;
    SnapshotPtr snapshot;  // of the state, under the policy
  };

  // Both must outlive this.
  PublishedState(const Policy* policy, const Clock* clock) : policy_(policy), clock_(clock) {}

  // Replaces what is in force, for all who ask from now on.
  void Publish(RegistryStatePtr state) ABSL_LOCKS_EXCLUDED(mutex_);
  // The start has ended, well or not.
  void NoteStarted(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits for that.
  absl::Status WaitUntilStarted() const ABSL_LOCKS_EXCLUDED(mutex_);

  // The snapshot in force, null while there is none. While the clock is behind the stores it is one
  // in which everything is stale.
  SnapshotPtr snapshot() const ABSL_LOCKS_EXCLUDED(mutex_);
  // The state with its snapshot. STARTING while there is none, or the error of the start.
  absl::StatusOr<View> Get() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const Policy* const policy_;
  const Clock* const clock_;
  mutable absl::Mutex mutex_;
  View view_ ABSL_GUARDED_BY(mutex_);
  SnapshotPtr clock_behind_ ABSL_GUARDED_BY(mutex_);  // view_.snapshot, in which all is stale
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status start_status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dnc
