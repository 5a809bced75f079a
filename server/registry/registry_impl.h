// The registry over a store: it assembles its parts to do what registry.h promises.
//
//   RegistryImpl -- the start, and what is asked of the registry
//     ReleaseStore    what lies on disk
//     PublishedState  what is in force, for readers
//     ListWriter      what changes it, one change at a time
//     HistoryCache    histories of area codes, read from the disk when they are asked for
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "server/registry/area_history.h"
#include "server/registry/list_writer.h"
#include "server/registry/published_state.h"
#include "server/registry/registry.h"
#include "server/registry/registry_state.h"
#include "server/registry/release_store.h"

namespace dnc {

class RegistryImpl : public Registry {
 public:
  RegistryImpl(RegistryOptions options, Store* store, const Clock* clock, RevisionOrder* order);
  // Waits for a start that is still under way.
  ~RegistryImpl() override;
  // Begins to read and verify what is stored, in the background. Call once.
  void Start();

  ReleasePublisher* publisher() override { return &writer_; }
  SnapshotPtr snapshot() const override { return published_.snapshot(); }
  absl::Status WaitUntilReady() const override { return published_.WaitUntilStarted(); }
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
  using View = PublishedState::View;

  // Reads everything that is in force.
  absl::StatusOr<RegistryStatePtr> ReadState();
  // Returns the state with what the start finds out about it, and stores that too: what is dated in
  // the future by the present clock, and what an earlier version did not record.
  RegistryStatePtr WithStartNoted(const RegistryStatePtr& read);
  // Returns whether everything stored for the releases of `state` still exists. The next load
  // removes what a rollback or a retirement leaves behind. An answer that was read from the disk in
  // the meantime would lack changes, so it must be read again.
  bool KeepsAll(const RegistryState& state) const;

  const RegistryOptions options_;
  const Clock* const clock_;
  RevisionOrder* const order_;
  mutable ReleaseStore releases_;
  mutable HistoryCache histories_;
  PublishedState published_;
  ListWriter writer_;
  std::thread starter_;
};

}  // namespace dnc
