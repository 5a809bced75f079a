// Between gRPC's errors and absl::Status, keeping the reason that a dncd gives.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace dnc {

// The same code and message; a google.rpc.ErrorInfo among the details is kept as a payload, which
// ReasonOf and GuardOf read. Never OK for a status that is an error.
absl::Status FromGrpcStatus(const grpc::Status& status);

// The name of a dnc.v1.ErrorReason without its prefix, for example "BATCH_TOO_LARGE"; empty if
// the error carries none (a broken connection, a passed deadline).
std::string ReasonOf(const absl::Status& status);

// The guard that refused a load, for example "shrink"; empty if no guard did.
std::string GuardOf(const absl::Status& status);

}  // namespace dnc
