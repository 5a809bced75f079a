// The errors that a caller sees whichever front it came through, each made in one place.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace dnc {

// INVALID_ARGUMENT, INVALID_REQUEST.
absl::Status InvalidRequest(std::string_view message);
// RESOURCE_EXHAUSTED, LIMIT_REACHED.
absl::Status LimitReached(std::string_view message);
// The same for a call that finds no room among those that wait for a worker.
absl::Status TooManyCallsWait();
// CANCELLED, CALLER_GONE.
absl::Status CallerGone(std::string_view message = "the caller is gone");
// DEADLINE_EXCEEDED, DEADLINE_PASSED.
absl::Status DeadlinePassed();
// UNAVAILABLE, STOPPING.
absl::Status Stopping();
// UNAVAILABLE, STARTING.
absl::Status StillStarting();
// FAILED_PRECONDITION, REVISION_NOT_REACHED: the server is at `last`.
absl::Status RevisionNotReached(uint64_t revision, uint64_t last);
// The same reason for a revision whose changes were lost with a store: it is never reached.
absl::Status RevisionLost(uint64_t revision, uint64_t lost_up_to);

}  // namespace dnc
