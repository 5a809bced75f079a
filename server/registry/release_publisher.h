// The interface through which new releases come: the room intake builds them from files, and has
// the registry put them in force.
//
// A built release is a command. All that it stores (its id, times, numbers and seals) is fixed when
// Publish begins to apply it. Applying it reads no clock and draws no random numbers, so the same
// releases applied in the same order store the same bytes on every server.
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

// What a release is built on: the registry as it is, and as it stays while the release is built.
struct ReleaseBase {
  const RegistryState* state = nullptr;
  ListStatePtr before;  // the list now, perhaps a new one; never null
  uint64_t release_id = 0;
  uint64_t rebase_below = 0;  // area codes must not need changes of releases up to this one
  absl::Time now;
  const Policy* policy = nullptr;
  Askers askers;
  const ReleaseStore* store = nullptr;
  HistoryCache* histories = nullptr;
};

struct BuiltRelease {
  // The list as it will be. Its `head` is complete except for the revision and the publishing time.
  std::shared_ptr<ListState> list;
  ReleaseContent content;
  storage::Release release;  // with its files; complete as `list->head` is
  LoadPlan plan;             // as if every finding of the guards were overridden
  std::set<int> reloaded;    // area codes that its full lists name
};

// Thread-safe.
class ReleasePublisher {
 public:
  struct Request {
    std::string list;  // its canonical name
    bool dry_run = false;
    // Another thread sets it when the server stops; must outlive the call.
    const std::atomic<bool>* stop = nullptr;
  };
  using Build = absl::FunctionRef<absl::StatusOr<BuiltRelease>(const ReleaseBase& base)>;

  virtual ~ReleasePublisher() = default;

  // Fails with STARTING until the stored releases are read, and with the start's error if it
  // failed.
  virtual absl::Status CheckReady() const = 0;
  // Checks the same, and fails with LIMIT_REACHED if `list` would be one list too many.
  virtual absl::Status CheckList(std::string_view list) const = 0;

  // Calls `build` once with what the release of the list is built on, and puts in force what it
  // returns. If `build` fails, returns its error and changes nothing. All other changes of
  // published lists wait meanwhile, while answers go on. A dry run ends after `build` and returns
  // nullopt. Fails as CheckList does, and with LOAD_STOPPED, STORAGE or DISK_FULL.
  virtual absl::StatusOr<std::optional<ReleaseInfo>> Publish(const Request& request,
                                                             Build build) = 0;
  // Frees memory and disk that a release of the list has made unnecessary, in short steps, until
  // `stop` is set. What fails is tried again after the next release.
  virtual void TidyUp(const std::string& list, const std::atomic<bool>& stop) = 0;
};

}  // namespace dnc
