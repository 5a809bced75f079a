// Holds what is in force now, for readers: the state, and the snapshots that scrubs take.
//
//   starting: nothing yet -> Publish (each call replaces all that was there)
//                    \----> NoteStarted(error): the start failed; nothing is ever published
//
// Callers of Publish must make sure that only one thread publishes at a time.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/base/clock.h"
#include "server/registry/policy.h"
#include "server/registry/registry_state.h"
#include "server/scrub/snapshot_cell.h"

namespace dnc {

// Thread-safe.
class PublishedState {
 public:
  struct View {
    RegistryStatePtr state;
    SnapshotPtr snapshot;  // of the state, under the policy
  };

  // Both must outlive this object.
  PublishedState(const Policy* policy, const Clock* clock) : policy_(policy), clock_(clock) {}

  // Replaces what is in force, for everybody who asks from now on.
  void Publish(RegistryStatePtr state) ABSL_LOCKS_EXCLUDED(mutex_);
  // Records that the start has ended, with or without an error.
  void NoteStarted(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until the start has ended, and returns its status.
  absl::Status WaitUntilStarted() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Returns the snapshot in force, or null while there is none. While the clock is behind the
  // stores, it is one in which everything is stale. Takes no lock.
  SnapshotPtr snapshot() const { return snapshots_.Get(clock_->behind()); }
  // Returns the state with its snapshot. Fails with STARTING while there is none, or with the error
  // of the start.
  absl::StatusOr<View> Get() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const Policy* const policy_;
  const Clock* const clock_;
  SnapshotCell snapshots_;
  mutable absl::Mutex mutex_;
  View view_ ABSL_GUARDED_BY(mutex_);
  SnapshotPtr clock_behind_ ABSL_GUARDED_BY(mutex_);  // view_.snapshot with everything stale
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status start_status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dnc
