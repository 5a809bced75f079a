// Runs loads one after another and keeps the records of those that have ended.
//
//   Submit -> waiting (oldest first) -> running, one at a time -> ended, with a stored record
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/base/clock.h"
#include "server/base/periodic_task.h"
#include "server/intake/load_info.h"
#include "server/intake/parsed_files.h"
#include "server/registry/release_store.h"

namespace dnc {

// This is a load as its runner sees it.
struct LoadJob {
  // `on_progress` is what LoadProgress calls.
  explicit LoadJob(std::function<void()> on_progress) : progress(std::move(on_progress)) {}

  LoadOptions options;
  std::vector<LoadFile> files;
  std::string upload_dir;  // is removed at the end; empty if there is none
  LoadProgress progress;
  // The queue and the runner write it under the queue's lock.
  LoadInfo info;
};

// The queue is thread-safe.
class LoadQueue {
 public:
  // A runner does a load: it fills info.files, info.release and info.overridden through `update`,
  // and returns how the load ended.
  using Update = std::function<void(std::function<void(LoadInfo&)>)>;
  using Runner = std::function<absl::Status(LoadJob&, const Update&)>;

  // The records lie in `store`; what is given must outlive the queue. `on_change` is called after
  // each change of what Get and List tell, on the thread that made the change and without the
  // queue's lock; of a load's progress it is called as LoadProgress says. Calls may overlap.
  LoadQueue(ReleaseStore* store, const Clock* clock, size_t max_waiting, size_t max_records,
            Runner runner, std::function<void()> on_change);
  // Stops the running load and refuses the waiting ones.
  ~LoadQueue();

  // Takes up the records of earlier runs. Call it before the first Submit.
  absl::Status ReadRecords() ABSL_LOCKS_EXCLUDED(mutex_);

  // Queues a load. Errors: LIMIT_REACHED if too many wait; STOPPING.
  absl::StatusOr<LoadInfo> Submit(LoadOptions options, std::vector<LoadFile> files,
                                  std::string upload_dir) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<LoadInfo> Get(uint64_t id) const ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<LoadInfo> List(size_t limit, uint64_t before_id) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // Appends the job to those that wait, unless the queue is stopping or full.
  absl::StatusOr<LoadInfo> Append(const std::shared_ptr<LoadJob>& job) ABSL_LOCKS_EXCLUDED(mutex_);
  // Does all loads that wait.
  void RunWaiting() ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns the next load, which runs from now on; null if none waits or the queue is stopping.
  std::shared_ptr<LoadJob> TakeNext() ABSL_LOCKS_EXCLUDED(mutex_);
  void RunOne(LoadJob& job) ABSL_LOCKS_EXCLUDED(mutex_);
  void Record(const LoadInfo& info) ABSL_LOCKS_EXCLUDED(mutex_);
  // Lets go of what only the newest loads tell.
  void ShortenOld() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  LoadInfo Current(const LoadJob& job) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  ReleaseStore* const store_;
  const Clock* const clock_;
  const size_t max_waiting_;
  const size_t max_records_;
  const Runner runner_;
  const std::function<void()> on_change_;
  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  std::deque<std::shared_ptr<LoadJob>> waiting_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<LoadJob> running_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, LoadInfo> ended_ ABSL_GUARDED_BY(mutex_);
  PeriodicTask task_;  // runs what waits; it comes last, since it uses all of the above
};

}  // namespace dnc
