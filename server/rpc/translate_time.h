// Times on the wire.
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace dnc {

// Whether a time is a moment, and not the infinite past or future that stands for "none".
bool IsMoment(absl::Time time);

// `time` must be a moment; one outside the years 1 to 9999 becomes the nearest that is inside.
google::protobuf::Timestamp ToTimestamp(absl::Time time);

// In whole microseconds, as times are stored; what is below is dropped. INVALID_REQUEST outside of
// the years 1 to 9999 or with impossible nanoseconds.
absl::StatusOr<absl::Time> FromTimestamp(const google::protobuf::Timestamp& timestamp);

}  // namespace dnc
