// A registry and its intake for tests: snapshot and loads are set by hand, and it remembers what
// it was asked.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "server/base/clock.h"
#include "server/intake/intake.h"
#include "server/registry/registry.h"
#include "server/scrub/snapshot_cell.h"

namespace dnc {

// A snapshot of one required list, `national`: area codes 201 and 212 are covered since
// `obtained_at`, 2015550100 to 2015550109 are listed.
SnapshotPtr TestSnapshot(uint64_t revision, absl::Time obtained_at);

// Thread-safe.
class FakeRegistry final : public Registry, public Intake {
 public:
  // Makes upload folders below `folder`.
  explicit FakeRegistry(std::string folder) : folder_(std::move(folder)) {}

  void SetSnapshot(const SnapshotPtr& snapshot);
  void SetLoad(const LoadInfo& load);
  // Makes Explain answer with one number too few.
  void SetShortAnswers() { short_answers_ = true; }

  // An upload as it was handed over: a file's name and its content each.
  using Upload = std::vector<std::pair<std::string, std::string>>;
  std::vector<Upload> uploads() const;
  LoadOptions last_options() const;

  ReleasePublisher* publisher() override { return nullptr; }
  SnapshotPtr snapshot() const override { return snapshots_.Get(/*clock_behind=*/false); }
  absl::Status WaitUntilReady() const override { return absl::OkStatus(); }
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
  const std::string folder_;
  std::atomic<bool> short_answers_{false};
  SnapshotCell snapshots_;
  mutable absl::Mutex mutex_;
  std::map<uint64_t, LoadInfo> loads_;
  std::vector<Upload> uploads_;
  LoadOptions last_options_;
  int folders_ = 0;
};

}  // namespace dnc
