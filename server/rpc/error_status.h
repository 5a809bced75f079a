// Renders the server's errors as a gRPC caller sees them.
#pragma once

#include "absl/status/status.h"
#include "server/service/request_errors.h"  // IWYU pragma: export
#include "server/wire/grpc_stream.h"
#include "server/wire/grpc_text.h"

namespace dnc {

// The gRPC status of an error: the same code and message, and in `grpc-status-details-bin` a
// google.rpc.Status with one ErrorInfo (reason, domain `dnc.v1`, metadata `guard` if a guard
// refused), and a RetryInfo if the error says when to try again. Long messages are cut, because
// trailers have room for 8 KiB. Errors without a reason are defects of the server and are logged.
GrpcStatus ToWireStatus(const absl::Status& status);

// The same for a refusal that may be told often: each thread keeps those of late, and makes them
// once. Of statuses that are copies of each other that is quick; equal ones are found, too.
StatusPtr ToKeptFields(const absl::Status& status);

}  // namespace dnc
