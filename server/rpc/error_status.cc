#include "server/rpc/error_status.h"

#include <array>
#include <cstdint>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/error.h"
#include "server/base/log_line.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {
constexpr char kDomain[] = "dnc.v1";
// The message travels twice (as text, which can grow threefold by percent-encoding, and in the
// details) in trailers of at most 8 KiB.
constexpr size_t kMaxMessageBytes = 1500;

std::string Shortened(std::string_view message) {
  if (message.size() <= kMaxMessageBytes) return std::string(message);
  size_t end = kMaxMessageBytes;
  // The cut must not fall into the middle of a UTF-8 character.
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  return StrCat(message.substr(0, end), "...");
}
}  // namespace

GrpcStatus ToWireStatus(const absl::Status& status) {
  if (status.ok()) return {};
  const std::string why = ErrorReason(status);
  if (why == reason::kInternal) {
    LogError("a call failed inside the server: {}", std::string(status.message()));
  }
  const std::string message = Shortened(ToStd(status.message()));
  google::rpc::ErrorInfo info;
  info.set_reason(why);
  info.set_domain(kDomain);
  if (const std::string guard = ErrorGuard(status); !guard.empty()) {
    (*info.mutable_metadata())["guard"] = guard;
  }
  for (const auto& [key, value] : ErrorMetadata(status)) (*info.mutable_metadata())[key] = value;
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(message);
  details.add_details()->PackFrom(info);
  if (const absl::Duration wait = RetryAfter(status); wait > absl::ZeroDuration()) {
    absl::Duration nanos;
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(absl::IDivDuration(wait, absl::Seconds(1), &nanos));
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(nanos)));
    details.add_details()->PackFrom(retry);
  }
  return {static_cast<int>(status.code()), message, details.SerializeAsString()};
}

StatusPtr ToKeptFields(const absl::Status& status) {
  // Defects of the server are logged each time.
  if (status.code() == absl::StatusCode::kInternal) return ToFields(ToWireStatus(status));
  struct Place {
    absl::Status status;
    StatusPtr kept;
  };
  constexpr size_t kPlaces = 64;
  constexpr size_t kApart = 64;  // where copies of a status have their text, others have none
  thread_local std::array<Place, kPlaces> places;
  const auto text = reinterpret_cast<uintptr_t>(status.message().data());
  Place& place = places[text / kApart % kPlaces];
  if (place.kept == nullptr || place.status != status) {
    place = {status, ToFields(ToWireStatus(status), /*kept=*/true)};
  }
  return place.kept;
}

}  // namespace dnc
