// From absl::Status to what a caller sees.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace dnc {

// The gRPC status of an error: the same code and message, and in `grpc-status-details-bin` a
// google.rpc.Status with one ErrorInfo (reason, domain `dnc.v1`, metadata `guard` if a guard
// refused), and a RetryInfo if the error says when to try again. Long messages are cut, because
// trailers have room for 8 KiB. Errors without a reason are defects of the server and are logged.
grpc::Status ToGrpcStatus(const absl::Status& status);

// Short for INVALID_ARGUMENT, INVALID_REQUEST.
absl::Status InvalidRequest(std::string_view message);
// Short for RESOURCE_EXHAUSTED, LIMIT_REACHED.
absl::Status LimitReached(std::string_view message);
// Short for CANCELLED, CALLER_GONE.
absl::Status CallerGone(std::string_view message);
// DEADLINE_EXCEEDED, DEADLINE_PASSED.
absl::Status DeadlinePassed();
// UNAVAILABLE, STOPPING.
absl::Status Stopping();
// UNAVAILABLE, STARTING.
absl::Status StillStarting();
// FAILED_PRECONDITION, REVISION_NOT_REACHED: the server is at `last`.
absl::Status RevisionNotReached(uint64_t revision, uint64_t last);
// The same for a revision whose changes were lost with a store: it is never reached.
absl::Status RevisionLost(uint64_t revision, uint64_t lost_up_to);

}  // namespace dnc
