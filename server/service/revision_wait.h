// What a call does that asks for changes which the server has not made yet (at_least_revision).
//
//   if (caller.revision < revision) {
//     DNC_RETURN_IF_ERROR(
//         revisions.Reach(revision, deadline, credentials, Permission::kScrub, &caller));
//   }
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/revision_order.h"
#include "server/registry/registry.h"
#include "server/service/authorizer.h"
#include "server/service/stream_places.h"

namespace dnc {

// Thread-safe.
class RevisionWait {
 public:
  struct Limits {
    // The longest that a call waits.
    absl::Duration longest = absl::Seconds(1);
    // How many may wait at the same time; the rest is refused at once. One tenant's calls leave a
    // place for the others, if there is more than one.
    int most_calls = 3;
  };
  // What is waited for, and asked afterwards; all of it outlives the waiting.
  struct Sources {
    const RevisionOrder* order = nullptr;
    const Registry* registry = nullptr;
    const Authorizer* authorizer = nullptr;
  };

  RevisionWait(Limits limits, Sources sources)
      : limits_(limits),
        from_(sources),
        places_(limits.most_calls, std::max(1, limits.most_calls - 1)) {}

  // Waits for `revision`, then admits the caller anew: its key, its tenant's terms and blocks as
  // they were before are older than the changes that the answer is to rest on. Blocks the thread,
  // at most until `deadline`, which is the caller's. Errors: those of Authorizer::Admit;
  // FAILED_PRECONDITION (REVISION_NOT_REACHED), DEADLINE_EXCEEDED (DEADLINE_PASSED) if the caller's
  // deadline came before the server's own limit, RESOURCE_EXHAUSTED (LIMIT_REACHED), UNAVAILABLE
  // (STARTING).
  absl::Status Reach(uint64_t revision, absl::Time deadline, const Credentials& credentials,
                     Permission permission, Caller* caller);

 private:
  absl::Status Wait(uint64_t revision, absl::Time deadline, TenantNumber tenant);

  const Limits limits_;
  const Sources from_;
  StreamPlaces places_;
};

}  // namespace dnc
