#include "server/rpc/translate_time.h"

#include <algorithm>

#include "server/rpc/error_status.h"

namespace dnc {
namespace {
constexpr int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z
}  // namespace

bool IsMoment(absl::Time time) {
  return time != absl::InfinitePast() && time != absl::InfiniteFuture();
}

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  const absl::Time inside =
      std::clamp(time, absl::FromUnixSeconds(kFirstSecond), absl::FromUnixSeconds(kLastSecond));
  const int64_t seconds = absl::ToUnixSeconds(inside);  // rounds down
  google::protobuf::Timestamp result;
  result.set_seconds(seconds);
  result.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(inside - absl::FromUnixSeconds(seconds))));
  return result;
}

absl::StatusOr<absl::Time> FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  if (timestamp.seconds() < kFirstSecond || timestamp.seconds() > kLastSecond ||
      timestamp.nanos() < 0 || timestamp.nanos() > 999'999'999) {
    return InvalidRequest("a time is outside of the years 1 to 9999 or has impossible nanoseconds");
  }
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Microseconds(timestamp.nanos() / 1000);
}

}  // namespace dnc
