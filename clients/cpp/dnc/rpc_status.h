// Turns gRPC's errors into absl::Status and keeps the reason that a dncd gives.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/support/status.h"

namespace dnc {

// Keeps code and message; google.rpc.ErrorInfo and RetryInfo among the details are kept as
// payloads, which the functions below read. Never OK for a status that is an error.
absl::Status FromGrpcStatus(const grpc::Status& status);

// The name of a dnc.v1.ErrorReason without its prefix, for example "BATCH_TOO_LARGE"; empty if
// the error carries none (a broken connection, a passed deadline).
std::string ReasonOf(const absl::Status& status);

// The time after which to try again; zero if the error does not tell.
absl::Duration RetryAfterOf(const absl::Status& status);

// An entry of the error's google.rpc.ErrorInfo.metadata; empty if there is none.
std::string MetadataOf(const absl::Status& status, const std::string& key);

// How many numbers or records the server takes at once, of a BATCH_TOO_LARGE: what it says, or half
// of `sent` if it does not. 0 for other errors, and where a smaller batch can't help.
size_t SmallerBatch(const absl::Status& status, size_t sent);

// The guard that refused a load, for example "shrink"; empty if no guard did.
std::string GuardOf(const absl::Status& status);

}  // namespace dnc
