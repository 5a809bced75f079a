// The only writer of published lists. It puts releases in force, goes back to earlier ones, retires
// lists, and frees what is no longer needed.
//
// Every change goes through the same steps, under one lock (list_writer.cc shows them). So at most
// one change is under way, and none sees another one half done.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/base/clock.h"
#include "server/base/revision_order.h"
#include "server/registry/area_history.h"
#include "server/registry/published_state.h"
#include "server/registry/registry.h"
#include "server/registry/release_info.h"
#include "server/registry/release_limit.h"
#include "server/registry/release_publisher.h"
#include "server/registry/release_store.h"

namespace dnc {

// Thread-safe.
class ListWriter : public ReleasePublisher {
 public:
  // What the writer works with; all of it must outlive the writer.
  struct Parts {
    const RegistryOptions* options = nullptr;
    const Clock* clock = nullptr;
    RevisionOrder* order = nullptr;
    ReleaseStore* releases = nullptr;
    HistoryCache* histories = nullptr;
    PublishedState* published = nullptr;
  };
  explicit ListWriter(const Parts& parts);

  absl::Status CheckReady() const override;
  absl::Status CheckList(std::string_view list) const override;
  absl::StatusOr<std::optional<ReleaseInfo>> Publish(const Request& request, Build build) override
      ABSL_LOCKS_EXCLUDED(mutex_);
  void TidyUp(const std::string& list, const std::atomic<bool>& stop) override
      ABSL_LOCKS_EXCLUDED(mutex_);

  // These do what Registry::RollBack and Registry::Retire promise.
  absl::StatusOr<RolledBack> RollBack(std::string_view name, uint64_t expected,
                                      const ChangeLimits& limits) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Retired> Retire(std::string_view name, const ChangeLimits& limits)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // Fails with LIMIT_REACHED if `name` would be one list too many.
  absl::Status CheckListLimit(const RegistryState& state, std::string_view name) const;
  absl::StatusOr<ReleaseBase> BaseFor(const RegistryState& state, const Request& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Makes a built release durable and visible. What it stores depends only on its arguments and on
  // what is stored already.
  absl::Status Apply(const RegistryState& state, const ReleaseBase& base, uint64_t revision,
                     absl::Time published_at, BuiltRelease& built)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Does the same with another version of a list that is or was loaded.
  absl::Status ApplyList(const RegistryState& state, ListStatePtr list, uint64_t revision)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns the releases that the limit cuts off now that `list` has its newest one. Sets
  // list.life.
  std::vector<uint64_t> CutOffBeyond(const RegistryState& state, ListState& list) const;
  // Returns the list at the release that `head` names, which was in force before the present one.
  absl::StatusOr<ListStatePtr> ReleaseBefore(const RegistryState& state, const ListState& before,
                                             const storage::ListHead& head) const;
  // Makes a few area codes that share blocks with an earlier version independent, so that the
  // earlier version's memory can be freed. Returns whether there were any.
  bool FoldSomeShared(const std::string& name) ABSL_LOCKS_EXCLUDED(mutex_);
  void CollectGarbage(const std::string& name) ABSL_LOCKS_EXCLUDED(mutex_);

  const RegistryOptions& options_;
  const ReleaseLimit limit_;
  const Clock* const clock_;
  RevisionOrder* const order_;
  ReleaseStore* const releases_;
  HistoryCache* const histories_;
  PublishedState* const published_;
  absl::Mutex mutex_;  // held while what is in force changes
};

}  // namespace dnc
