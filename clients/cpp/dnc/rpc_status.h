// Converts gRPC's errors to absl::Status, and keeps the reason that a dncd gives.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/support/status.h"

namespace dnc {

// Keeps code and message, and stores google.rpc.ErrorInfo and RetryInfo among the details as
// payloads, which the functions below read. Never returns OK for a status that is an error.
absl::Status FromGrpcStatus(const grpc::Status& status);

// Returns the name of a dnc.v1.ErrorReason without its prefix, for example "BATCH_TOO_LARGE"; empty
// if the error has none (a broken connection, a passed deadline).
std::string ReasonOf(const absl::Status& status);

// Returns the time after which to try again; zero if the error does not say.
absl::Duration RetryAfterOf(const absl::Status& status);

// Returns an entry of the error's google.rpc.ErrorInfo.metadata; empty if there is none.
std::string MetadataOf(const absl::Status& status, const std::string& key);

// Returns how many numbers or records the server takes at once after a BATCH_TOO_LARGE: what it
// says, or half of `sent` if it does not say. Returns 0 for other errors, and if a smaller batch
// cannot help.
size_t SmallerBatch(const absl::Status& status, size_t sent);

// Returns the guard that refused a load, for example "shrink"; empty if no guard did.
std::string GuardOf(const absl::Status& status);

}  // namespace dnc
