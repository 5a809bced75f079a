// Loads, one after another on a thread of their own, and the records of those that ended.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/registry/parsed_files.h"
#include "server/registry/registry.h"
#include "server/registry/release_store.h"

namespace dnc {

// A load as its runner sees it.
struct LoadJob {
  LoadOptions options;
  std::vector<LoadFile> files;
  std::string upload_dir;  // removed at the end; empty: none
  LoadProgress progress;
  // Written by the queue and the runner under the queue's lock.
  LoadInfo info;
};

class LoadQueue {
 public:
  // Does a load: fills info.files, info.release and info.overridden through `update`, and returns
  // how it ended.
  using Update = std::function<void(std::function<void(LoadInfo&)>)>;
  using Runner = std::function<absl::Status(LoadJob&, const Update&)>;

  LoadQueue(ReleaseStore* store, const Clock* clock, size_t max_waiting, size_t max_records,
            Runner runner);
  // Stops the running load and refuses the waiting ones.
  ~LoadQueue();

  // Takes up the records of earlier runs. Before Start.
  absl::Status ReadRecords();
  // From now on loads run.
  void Start();

  // LIMIT_REACHED if too many wait.
  absl::StatusOr<LoadInfo> Submit(LoadOptions options, std::vector<LoadFile> files,
                                  std::string upload_dir);
  absl::StatusOr<LoadInfo> Get(uint64_t id) const;
  std::vector<LoadInfo> List(size_t limit, uint64_t before_id) const;

 private:
  void Run();
  void RunOne(LoadJob& job);
  void Record(const LoadInfo& info);
  // Lets go of what only the newest loads tell; the lock is held.
  void ShortenOld();
  LoadInfo Current(const LoadJob& job) const;

  ReleaseStore* store_;
  const Clock* clock_;
  const size_t max_waiting_;
  const size_t max_records_;
  const Runner runner_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  bool stopping_ = false;
  uint64_t next_id_ = 1;
  std::deque<std::shared_ptr<LoadJob>> waiting_;
  std::shared_ptr<LoadJob> running_;
  std::map<uint64_t, LoadInfo> ended_;
  std::thread thread_;
};

}  // namespace dnc
