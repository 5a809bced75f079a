#include "server/base/error.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {
constexpr const char* kReasonUrl = "dnc/reason";
constexpr const char* kGuardUrl = "dnc/guard";
constexpr const char* kRetryUrl = "dnc/retry-after-ns";
constexpr std::string_view kMetadataUrl = "dnc/metadata/";

std::string Payload(const absl::Status& status, const char* url) {
  const auto payload = status.GetPayload(url);
  return payload.has_value() ? std::string(*payload) : std::string();
}
}  // namespace

absl::Status Error(const FailureReason& reason, std::string_view message) {
  absl::Status status(reason.code, ToAbsl(message));
  status.SetPayload(kReasonUrl, absl::Cord(ToAbsl(reason.name)));
  return status;
}

absl::Status GuardError(std::string_view guard, std::string_view message) {
  absl::Status status = Error(reason::kGuardRefused, message);
  status.SetPayload(kGuardUrl, absl::Cord(ToAbsl(guard)));
  return status;
}

absl::Status QuotaError(std::string_view message, absl::Duration retry_after) {
  return WithRetryAfter(Error(reason::kQuotaExceeded, message), retry_after);
}

absl::Status CallableLimitError(uint64_t becomes_callable, uint64_t limit) {
  return WithMetadata(
      Error(reason::kCallableLimit,
            StrCat(becomes_callable,
                   " numbers would become callable, and the limit of this request is ", limit,
                   "; look at what it would do, and confirm that number")),
      "becomes_callable", StrCat(becomes_callable));
}

absl::Status WithRetryAfter(absl::Status status, absl::Duration retry_after) {
  const int64_t nanos = std::max<int64_t>(1, absl::ToInt64Nanoseconds(retry_after));
  status.SetPayload(kRetryUrl, absl::Cord(StrCat(nanos)));
  return status;
}

absl::Status WithMetadata(absl::Status status, std::string_view key, std::string_view value) {
  status.SetPayload(StrCat(kMetadataUrl, key), absl::Cord(ToAbsl(value)));
  return status;
}

std::map<std::string, std::string> ErrorMetadata(const absl::Status& status) {
  std::map<std::string, std::string> entries;
  status.ForEachPayload([&entries](absl::string_view url, const absl::Cord& payload) {
    if (!absl::StartsWith(url, ToAbsl(kMetadataUrl))) return;
    entries[std::string(url.substr(kMetadataUrl.size()))] = std::string(payload);
  });
  return entries;
}

absl::Status BatchTooLarge(size_t count, std::string_view what, int max_batch,
                           std::string_view remedy) {
  return WithMetadata(Error(reason::kBatchTooLarge, StrCat(count, " ", what, "; this server takes ",
                                                           max_batch, ". ", remedy)),
                      "max_batch", StrCat(max_batch));
}

std::string ErrorReason(const absl::Status& status) {
  std::string found = Payload(status, kReasonUrl);
  return found.empty() ? std::string(reason::kInternal) : found;
}

std::string ErrorGuard(const absl::Status& status) { return Payload(status, kGuardUrl); }

absl::Duration RetryAfter(const absl::Status& status) {
  int64_t nanos = 0;
  if (!absl::SimpleAtoi(Payload(status, kRetryUrl), &nanos)) return absl::ZeroDuration();
  return absl::Nanoseconds(nanos);
}

absl::Status WithPrefix(const absl::Status& status, std::string_view prefix) {
  absl::Status result(status.code(), StrCat(prefix, ": ", status.message()));
  status.ForEachPayload([&result](absl::string_view url, const absl::Cord& payload) {
    result.SetPayload(url, payload);
  });
  return result;
}

}  // namespace dnc
