#include "server/service/revision_wait.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "server/base/status_macros.h"
#include "server/service/request_errors.h"

namespace dnc {

absl::Status RevisionWait::Wait(uint64_t revision, absl::Time deadline, TenantNumber tenant) {
  const uint64_t last = from_.order->last();
  if (last >= revision) return absl::OkStatus();
  if (from_.registry->snapshot() == nullptr) return StillStarting();
  StreamPlace place;
  if (!place.Take(&places_, tenant)) {
    return LimitReached("too many calls wait for a later revision; retry in a moment");
  }
  // The wait ends by the time of day, whatever clock ages are judged by.
  const absl::Time until = std::min(deadline, absl::Now() + limits_.longest);
  if (from_.order->WaitFor(revision, until)) return absl::OkStatus();
  // The caller hears the same from this server as from its own gRPC, whichever is first.
  return until == deadline ? DeadlinePassed() : RevisionNotReached(revision, last);
}

absl::Status RevisionWait::Reach(uint64_t revision, absl::Time deadline,
                                 const Credentials& credentials, Permission permission,
                                 Caller* caller) {
  DNC_RETURN_IF_ERROR(Wait(revision, deadline, caller->tenant->tenant.number));
  DNC_ASSIGN_OR_RETURN(*caller, from_.authorizer->Admit(credentials, permission));
  return absl::OkStatus();
}

}  // namespace dnc
