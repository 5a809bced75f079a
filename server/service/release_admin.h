// What operators ask of the published lists: loads, releases, rollbacks, retirements and the
// server's status. Values in, values out; any front renders them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/activity.h"
#include "server/base/clock.h"
#include "server/base/revision_order.h"
#include "server/intake/intake.h"
#include "server/registry/registry.h"
#include "server/service/page.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// Whether these are options that a load may have, whoever asks for it and however its files come.
// INVALID_REQUEST for guards that do not exist and for fields that are out of their range.
absl::Status CheckLoadOptions(const LoadOptions& options);
// Whether a load may be asked for with so many paths. INVALID_REQUEST for none and for too many.
absl::Status CheckLoadPaths(size_t paths);

// What GetStatus tells of the server itself.
struct ServerFacts {
  std::string version;
  absl::Time started_at;
  int max_batch = 0;
  int max_message_bytes = 0;
  const RevisionOrder* order = nullptr;  // of all changes, also the tenants'; outlives the service
  Activity* activity = nullptr;          // outlives the service
};

struct ServerStatus {
  std::string version;
  absl::Time started_at;
  int max_batch = 0;
  int max_message_bytes = 0;
  absl::Time newest_known_at;
  bool clock_behind = false;
  // While the server starts, nothing of what follows is known yet.
  uint64_t revision = 0;
  uint64_t numbers = 0;
  uint64_t index_bytes = 0;
  std::vector<ListInfo> lists;
  std::optional<LoadInfo> running_load;
};

// A page of what is told newest first; an empty token: there are no more.
struct LoadsPage {
  std::vector<LoadInfo> loads;
  std::string next_token;
};
struct ReleasesPage {
  std::vector<ReleaseInfo> releases;
  std::string next_token;
};

// Commands. A list that is not named is `national`, but for a retirement.
struct RollBackCommand {
  std::string list;
  uint64_t expected_release_id = 0;  // what must be in force; 0: any
  ChangeLimits limits;               // `requested_by` as the caller gives it
};
struct RetireCommand {
  std::string list;
  ChangeLimits limits;
};

// Thread-safe; every call may read the disk. The caller may operate.
class ReleaseAdmin {
 public:
  // What is given must outlive the service.
  ReleaseAdmin(ServerFacts facts, Registry* registry, Intake* intake, const Clock* clock)
      : facts_(std::move(facts)), registry_(registry), intake_(intake), clock_(clock) {}

  // Queues a load of files of the server. Errors: INVALID_REQUEST, and those of
  // Intake::StartLoad.
  absl::StatusOr<LoadInfo> Load(const LoadOptions& options, const std::vector<std::string>& paths);
  // Both tell what would be done if the command is a dry run; its revision is then 0. The key of
  // the caller is noted beside whom the command names.
  absl::StatusOr<RolledBack> RollBack(const Caller& caller, RollBackCommand command);
  absl::StatusOr<Retired> Retire(const Caller& caller, RetireCommand command);

  absl::StatusOr<LoadInfo> GetLoad(uint64_t id) const { return intake_->GetLoad(id); }
  absl::StatusOr<LoadsPage> Loads(const Page& page) const;
  absl::StatusOr<ReleasesPage> Releases(const std::string& list, const Page& page) const;
  absl::StatusOr<CoverageInfo> Coverage(const std::string& list) const;
  // `number` as a person writes it. INVALID_REQUEST if it is none.
  struct History {
    Number number = 0;
    NumberHistory history;
  };
  absl::StatusOr<History> HistoryOf(const std::string& number) const;
  ServerStatus Status() const;
  // What was answered in the last 24 hours; 0: in steps of 5 minutes. INVALID_REQUEST for steps
  // longer than the day.
  struct ActivityTold {
    uint32_t step_minutes = 0;
    ActivityReport report;
  };
  absl::StatusOr<ActivityTold> ActivityBy(uint32_t step_minutes) const;

 private:
  const ServerFacts facts_;
  Registry* const registry_;
  Intake* const intake_;
  const Clock* const clock_;
};

}  // namespace dnc
