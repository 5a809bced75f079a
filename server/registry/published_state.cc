#include "server/registry/published_state.h"

#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "server/base/error.h"

namespace dnc {

void PublishedState::Publish(RegistryStatePtr state) {
  SnapshotPtr snapshot = MakeSnapshot(*state, *policy_);
  auto behind = std::make_shared<Snapshot>(*snapshot);
  behind->clock_behind = true;
  View old{std::move(state), std::move(snapshot)};
  SnapshotPtr old_behind = std::move(behind);
  {
    const absl::MutexLock lock(&mutex_);
    std::swap(view_, old);
    std::swap(clock_behind_, old_behind);
    // Under the lock, so that Get and snapshot() change at the same moment.
    snapshots_.Publish(view_.snapshot, clock_behind_);
  }
  // The old view is freed outside the lock, because that takes long, and by this thread if it can
  // be had: batches under way are soon over, and the last of them must not stay to free it.
  constexpr int kSteps = 100;
  for (int i = 0; i < kSteps && (old.snapshot.use_count() > 1 || old_behind.use_count() > 1); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void PublishedState::NoteStarted(const absl::Status& status) {
  const absl::MutexLock lock(&mutex_);
  started_ = true;
  start_status_ = status;
}

absl::Status PublishedState::WaitUntilStarted() const {
  const absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&started_));
  return start_status_;
}

absl::StatusOr<PublishedState::View> PublishedState::Get() const {
  const absl::MutexLock lock(&mutex_);
  if (view_.state != nullptr) {
    View view = view_;
    if (clock_->behind()) view.snapshot = clock_behind_;
    return view;
  }
  if (started_ && !start_status_.ok()) return start_status_;
  return Error(reason::kStarting,
               "the server is still reading and verifying its data; try again in a moment");
}

}  // namespace dnc
