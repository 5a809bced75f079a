// Answers the requests of dnc.v1.RegistryService that have one answer: checks them, asks the
// registry, and translates. Knows nothing of calls and queues.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "dnc/v1/registry_service.pb.h"
#include "server/base/clock.h"
#include "server/base/revision_order.h"
#include "server/intake/intake.h"
#include "server/registry/registry.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// What GetStatus tells of the server itself.
struct ServerFacts {
  std::string version;
  absl::Time started_at;
  int max_batch = 0;
  int max_message_bytes = 0;
  const RevisionOrder* order = nullptr;  // of all changes, also the tenants'; outlives the handler
};

// Thread-safe; every call may read the disk.
class RegistryHandler {
 public:
  RegistryHandler(ServerFacts facts, Registry* registry, Intake* intake, const Clock* clock)
      : facts_(std::move(facts)), registry_(registry), intake_(intake), clock_(clock) {}

  absl::Status LoadRelease(const v1::LoadReleaseRequest& request, v1::LoadReleaseResponse* out);
  absl::Status GetLoad(uint64_t id, v1::Load* out) const;
  absl::Status ListLoads(const v1::ListLoadsRequest& request, v1::ListLoadsResponse* out) const;
  absl::Status ListReleases(const v1::ListReleasesRequest& request,
                            v1::ListReleasesResponse* out) const;
  absl::Status GetCoverage(const v1::GetCoverageRequest& request,
                           v1::GetCoverageResponse* out) const;
  absl::Status RollBackRelease(const Caller& caller, const v1::RollBackReleaseRequest& request,
                               v1::RollBackReleaseResponse* out);
  absl::Status RetireList(const Caller& caller, const v1::RetireListRequest& request,
                          v1::RetireListResponse* out);
  absl::Status GetHistory(const v1::GetHistoryRequest& request, v1::GetHistoryResponse* out) const;
  absl::Status GetStatus(v1::GetStatusResponse* out) const;

 private:
  const ServerFacts facts_;
  Registry* const registry_;
  Intake* const intake_;
  const Clock* const clock_;
};

}  // namespace dnc
