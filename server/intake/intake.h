// Turns files into releases: loads run one after another, and each is refused as a whole or
// published as a whole.
//
//   DNC_ASSIGN_OR_RETURN(auto intake, Intake::Open(options, store, registry, clock));
//   DNC_ASSIGN_OR_RETURN(LoadInfo load, intake->StartLoad({.list = "national"}, {path}));
//   intake->GetLoad(load.id);   // until its state is kSucceeded or kRefused
//
//   files -> parse -> build a release -> ask the guards -> publish (registry/release_publisher.h)
//
// All methods are thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/base/listeners.h"
#include "server/formats/registry_file.h"
#include "server/intake/guards.h"
#include "server/intake/load_info.h"

namespace dnc {

class Registry;
class Store;

struct IntakeOptions {
  std::string data_dir;
  std::vector<std::string> load_dirs;  // folders that StartLoad may read; absolute
  GuardLimits guards;
  ReadLimits read_limits;
  int load_threads = 0;  // that read the files of one load; 0: the processor's
  int max_waiting_loads = 16;
  int max_load_records = 10'000;  // records of past loads kept
};

class Intake {
 public:
  // Reads the records of past loads from `store`, which is the registry's, and removes what uploads
  // have left behind below the data folder. What is given must outlive the intake. Errors: STORAGE.
  static absl::StatusOr<std::unique_ptr<Intake>> Open(IntakeOptions options, Store* store,
                                                      Registry* registry, const Clock* clock);
  // Stops a running load at its next step; nothing half-done stays.
  virtual ~Intake() = default;

  // Queues a load of files that lie in `load_dirs`. Errors: PATH_NOT_ALLOWED, NOT_FOUND,
  // LIMIT_REACHED, STARTING, STOPPING, and INVALID_REQUEST, also for an override that does not say
  // what it is of.
  virtual absl::StatusOr<LoadInfo> StartLoad(const LoadOptions& options,
                                             const std::vector<std::string>& paths) = 0;

  // Makes a new folder for an upload below the data folder; the next start removes leftovers.
  virtual absl::StatusOr<std::string> NewUploadDir() = 0;
  // Queues a load of files in such a folder, and removes the folder when the load has ended or
  // was not accepted. Errors: those of StartLoad.
  virtual absl::StatusOr<LoadInfo> StartUploadedLoad(const LoadOptions& options,
                                                     const std::string& upload_dir,
                                                     const std::vector<LoadFile>& files) = 0;

  // Errors: NOT_FOUND, STARTING.
  virtual absl::StatusOr<LoadInfo> GetLoad(uint64_t id) const = 0;
  // Returns the newest first, at most `limit`, with ids below `before_id` (0: all).
  virtual std::vector<LoadInfo> ListLoads(size_t limit, uint64_t before_id) const = 0;

  // From now on `listener` is called whenever GetLoad has something new to tell: at each change of
  // a load's state, and about ten times a second while files are read. It is called on the thread
  // that does the work, so it must be quick and must not wait for the intake. Returns what
  // RemoveListener takes; when that has returned, the listener is not called any more.
  int AddListener(std::function<void()> listener) { return listeners_.Add(std::move(listener)); }
  void RemoveListener(int listener) { listeners_.Remove(listener); }

 protected:
  // Tells the listeners; it is called when a change can be read.
  void TellListeners() const { listeners_.Tell(); }

 private:
  Listeners listeners_;
};

}  // namespace dnc
