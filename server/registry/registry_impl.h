// The registry over a store: what registry.h promises.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/registry/area_history.h"
#include "server/registry/load_queue.h"
#include "server/registry/registry.h"
#include "server/registry/registry_state.h"
#include "server/registry/release_limit.h"
#include "server/registry/release_store.h"

namespace dnc {

class RegistryImpl : public Registry {
 public:
  RegistryImpl(RegistryOptions options, Store* store, const Clock* clock, RevisionOrder* order);
  ~RegistryImpl() override;
  void Start();

  SnapshotPtr snapshot() const override;
  absl::Status WaitUntilReady() const override;
  absl::StatusOr<LoadInfo> StartLoad(const LoadOptions& options,
                                     const std::vector<std::string>& paths) override;
  absl::StatusOr<std::string> NewUploadDir() override;
  absl::StatusOr<LoadInfo> StartUploadedLoad(const LoadOptions& options,
                                             const std::string& upload_dir,
                                             const std::vector<LoadFile>& files) override;
  absl::StatusOr<LoadInfo> GetLoad(uint64_t id) const override;
  std::vector<LoadInfo> ListLoads(size_t limit, uint64_t before_id) const override;
  absl::StatusOr<std::vector<ReleaseInfo>> ListReleases(std::string_view list, size_t limit,
                                                        uint64_t before_id) const override;
  absl::StatusOr<CoverageInfo> Coverage(std::string_view list) const override;
  std::vector<ListInfo> Lists() const override;
  absl::StatusOr<RolledBack> RollBack(std::string_view list, uint64_t expected,
                                      const ChangeLimits& limits) override;
  absl::StatusOr<Retired> Retire(std::string_view list, const ChangeLimits& limits) override;
  absl::StatusOr<NumberHistory> History(Number number) const override;
  absl::StatusOr<Explanation> Explain(absl::Span<const ParsedNumber> numbers,
                                      std::optional<AskedMoment> moment,
                                      const TenantSide& tenant) const override;

 private:
  struct View {
    RegistryStatePtr state;
    SnapshotPtr snapshot;
    SnapshotPtr clock_behind;  // the same, in which all is stale
  };

  absl::StatusOr<View> Ready() const;
  // A list by its name, loaded or not; null if there never was one.
  static ListStatePtr ListOf(const RegistryState& state, std::string_view name);
  absl::StatusOr<ListStatePtr> FindList(const RegistryState& state, std::string_view name) const;
  void Publish(RegistryStatePtr state);
  // The state with what a start finds out about it, written down: what its clock shows to be of a
  // time to come, and what an earlier version did not keep.
  RegistryStatePtr WithStartNoted(const RegistryStatePtr& read);
  // The options with the list's canonical name, or why they are refused.
  absl::StatusOr<LoadOptions> CheckedOptions(const LoadOptions& options) const;
  absl::Status CheckPath(const std::string& path) const;

  absl::Status RunLoad(LoadJob& job, const LoadQueue::Update& update);
  absl::Status StoreAndPublish(LoadJob& job, ParsedFiles staged, GuardCheck& guards,
                               const LoadQueue::Update& update);
  // LIMIT_REACHED if `name` would be a list too many.
  absl::Status CheckListLimit(const RegistryState& state, const std::string& name) const;
  // The releases that the limit cuts off, now that `list` has its newest; sets list.life.
  std::vector<uint64_t> CutOffBeyond(const RegistryState& state, ListState& list) const;
  // The list at the release that `head` names, which was in force before the present one.
  absl::StatusOr<ListStatePtr> ReleaseBefore(const RegistryState& state, const ListState& before,
                                             const storage::ListHead& head) const;
  std::shared_ptr<RegistryState> WithList(std::shared_ptr<const ListState> list) const;
  // Makes what shares blocks with an earlier version independent, a few area codes at a time, so
  // that the earlier version's memory can go.
  void FoldShared(const std::string& name);
  void CollectGarbage(const std::string& name);
  // Whether all that is stored of the releases of `state` is still there: what a rollback or a
  // retirement leaves behind goes with the next load. An answer read from the disk in the meantime
  // would lack changes, so it must be read again.
  bool KeepsAll(const RegistryState& state) const;

  const RegistryOptions options_;
  const ReleaseLimit limit_;
  const Clock* const clock_;
  RevisionOrder* const order_;
  mutable ReleaseStore releases_;
  mutable HistoryCache histories_;
  std::mutex write_mutex_;  // held while what is in force changes; before mutex_
  mutable std::mutex mutex_;
  mutable std::condition_variable published_;
  // Guarded by mutex_:
  View view_;
  bool started_ = false;
  absl::Status start_status_;
  uint64_t next_upload_ = 1;

  std::atomic<bool> stopping_{false};
  LoadQueue loads_;
  std::thread starter_;
};

}  // namespace dnc
