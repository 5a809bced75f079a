#include "dnc/rpc_status.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace dnc {
namespace {

constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";

bool ReadErrorInfo(const absl::Status& status, google::rpc::ErrorInfo* info) {
  const auto payload = status.GetPayload(kErrorInfoUrl);
  return payload.has_value() && info->ParseFromString(std::string(*payload));
}

}  // namespace

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  // The codes of both have the same values. A code outside of them must stay an error.
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  if (result.ok()) result = absl::UnknownError(status.error_message());
  google::rpc::Status details;
  if (!status.error_details().empty() && details.ParseFromString(status.error_details())) {
    for (const auto& detail : details.details()) {
      for (const char* const url : {kErrorInfoUrl, kRetryInfoUrl}) {
        if (detail.type_url() == url) result.SetPayload(url, absl::Cord(detail.value()));
      }
    }
  }
  return result;
}

std::string ReasonOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  return ReadErrorInfo(status, &info) ? info.reason() : std::string();
}

absl::Duration RetryAfterOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryInfoUrl);
  google::rpc::RetryInfo info;
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) {
    return absl::ZeroDuration();
  }
  return absl::Seconds(info.retry_delay().seconds()) +
         absl::Nanoseconds(info.retry_delay().nanos());
}

std::string MetadataOf(const absl::Status& status, const std::string& key) {
  google::rpc::ErrorInfo info;
  if (!ReadErrorInfo(status, &info)) return {};
  const auto entry = info.metadata().find(key);
  return entry == info.metadata().end() ? std::string() : entry->second;
}

size_t SmallerBatch(const absl::Status& status, size_t sent) {
  if (ReasonOf(status) != "BATCH_TOO_LARGE") return 0;
  size_t told = 0;
  const size_t most = absl::SimpleAtoi(MetadataOf(status, "max_batch"), &told) ? told : sent / 2;
  return most < sent ? most : 0;
}

std::string GuardOf(const absl::Status& status) { return MetadataOf(status, "guard"); }

}  // namespace dnc
