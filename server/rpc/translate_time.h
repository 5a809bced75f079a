// Times on the wire.
#pragma once

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "server/service/request_errors.h"

namespace dnc {

inline constexpr int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
inline constexpr int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z

// Whether a time is a moment, and not the infinite past or future that stands for "none".
inline bool IsMoment(absl::Time time) {
  return time != absl::InfinitePast() && time != absl::InfiniteFuture();
}

// `time` must be a moment; one outside the years 1 to 9999 becomes the nearest that is inside.
inline google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  const absl::Time inside =
      std::clamp(time, absl::FromUnixSeconds(kFirstSecond), absl::FromUnixSeconds(kLastSecond));
  const int64_t seconds = absl::ToUnixSeconds(inside);  // rounds down
  google::protobuf::Timestamp result;
  result.set_seconds(seconds);
  result.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(inside - absl::FromUnixSeconds(seconds))));
  return result;
}

// In whole microseconds, as times are stored; what is below is dropped. INVALID_REQUEST outside of
// the years 1 to 9999 or with impossible nanoseconds.
inline absl::StatusOr<absl::Time> FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  if (timestamp.seconds() < kFirstSecond || timestamp.seconds() > kLastSecond ||
      timestamp.nanos() < 0 || timestamp.nanos() > 999'999'999) {
    return InvalidRequest("a time is outside of the years 1 to 9999 or has impossible nanoseconds");
  }
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Microseconds(timestamp.nanos() / 1000);
}

}  // namespace dnc
