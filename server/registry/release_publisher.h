// The door through which new releases come: how the room intake, which builds them from files, has
// the registry put one in force.
//
// A built release is a command. Everything that it stores is fixed when Publish begins to apply it:
// its id, its times, its numbers, its seals. Applying it reads no clock and draws nothing at
// random, so the same releases applied in the same order store the same bytes on every server.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/registry/area_history.h"
#include "server/registry/load_plan.h"
#include "server/registry/policy.h"
#include "server/registry/registry_state.h"
#include "server/registry/release_store.h"

namespace dnc {

// What a release is built on: the registry as it is, and stays while the release is built.
struct ReleaseBase {
  const RegistryState* state = nullptr;
  ListStatePtr before;  // the list now, which may be a new one; never null
  uint64_t release_id = 0;
  uint64_t rebase_below = 0;  // area codes must not need changes of releases up to this one
  absl::Time now;
  const Policy* policy = nullptr;
  Askers askers;
  const ReleaseStore* store = nullptr;
  HistoryCache* histories = nullptr;
};

struct BuiltRelease {
  // The list as it will be. Its `head` is complete but for the revision and the time of publishing.
  std::shared_ptr<ListState> list;
  ReleaseContent content;
  storage::Release release;  // with its files; complete as `list->head` is
  LoadPlan plan;             // as if all that the guards found were overridden
  std::set<int> reloaded;    // area codes of which it has a full list
};

// Thread-safe.
class ReleasePublisher {
 public:
  struct Request {
    std::string list;  // its canonical name
    bool dry_run = false;
    // Set by another thread if the server stops; must outlive the call.
    const std::atomic<bool>* stop = nullptr;
  };
  using Build = absl::FunctionRef<absl::StatusOr<BuiltRelease>(const ReleaseBase& base)>;

  virtual ~ReleasePublisher() = default;

  // STARTING before the stored releases are read, and the error of a start that failed.
  virtual absl::Status CheckReady() const = 0;
  // The same, and LIMIT_REACHED if `list` would be a list too many.
  virtual absl::Status CheckList(std::string_view list) const = 0;

  // Calls `build` once, with what a release of the list is built on, and puts in force what it
  // returns; an error of `build` is returned as it is, and nothing has changed then. All other
  // changes of published lists wait meanwhile, while answers go on. A dry run ends after `build`,
  // and returns nullopt. Errors: as CheckList, LOAD_STOPPED, STORAGE, DISK_FULL.
  virtual absl::StatusOr<std::optional<ReleaseInfo>> Publish(const Request& request,
                                                             Build build) = 0;
  // After a release of the list: gives back memory and disk of what nobody needs any more, in short
  // steps until `stop` is set. What fails is tried again after the next release.
  virtual void TidyUp(const std::string& list, const std::atomic<bool>& stop) = 0;
};

}  // namespace dnc
