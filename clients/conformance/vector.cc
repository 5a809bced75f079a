#include "clients/conformance/vector.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace dnc::conformance {
namespace {

void FillSnapshot(v1::Snapshot* snapshot) {
  snapshot->set_revision(7);
  snapshot->mutable_decided_at()->set_seconds(kNow);
  snapshot->mutable_valid_until()->set_seconds(kNow + 30 * kDay);
  v1::ListSnapshot* list = snapshot->add_lists();
  list->set_list("national");
  list->set_release_id(3);
  list->mutable_obtained_at()->set_seconds(kNow - kDay);
  list->mutable_valid_until()->set_seconds(kNow + 30 * kDay);
}

void FillResult(bool clear, v1::NumberResult* result) {
  result->set_number(clear ? kClear : kListed);
  result->set_verdict(clear ? v1::VERDICT_CLEAR : v1::VERDICT_LISTED);
  result->set_rule(clear ? v1::RULE_CLEAR : v1::RULE_NATIONAL);
  if (!clear) result->add_reasons(v1::REASON_NATIONAL);
  result->mutable_valid_until()->set_seconds(kNow + 30 * kDay);
}

std::string Json(const google::protobuf::Message& message) {
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  return status.ok() ? json : "";
}

// The HTTP status of a code, and its name.
struct CodeNames {
  const char* name;
  int http;
};

CodeNames NamesOf(int code) {
  static const std::map<int, CodeNames> names = {
      {1, {"CANCELLED", 499}},         {3, {"INVALID_ARGUMENT", 400}},
      {7, {"PERMISSION_DENIED", 403}}, {8, {"RESOURCE_EXHAUSTED", 429}},
      {13, {"INTERNAL", 500}},         {14, {"UNAVAILABLE", 503}},
      {16, {"UNAUTHENTICATED", 401}},
  };
  return names.at(code);
}

}  // namespace

v1::ScrubResponse RightScrub() {
  v1::ScrubResponse response;
  response.add_verdicts(v1::VERDICT_CLEAR);
  response.add_verdicts(v1::VERDICT_LISTED);
  response.add_reasons(0);
  response.add_reasons(1U << v1::REASON_NATIONAL);
  FillSnapshot(response.mutable_snapshot());
  return response;
}

v1::ScrubResponse RightDetails() {
  v1::ScrubResponse response = RightScrub();
  FillResult(true, response.add_results());
  FillResult(false, response.add_results());
  return response;
}

v1::CheckNumberResponse RightCheck() {
  v1::CheckNumberResponse response;
  FillResult(true, response.mutable_result());
  FillSnapshot(response.mutable_snapshot());
  return response;
}

v1::AddNumbersResponse RightWrite() {
  v1::AddNumbersResponse response;
  response.add_results()->set_outcome(v1::WRITE_OUTCOME_ADDED);
  response.add_results()->set_outcome(v1::WRITE_OUTCOME_ALREADY_THERE);
  response.set_revision(8);
  response.set_tenant_id("acme");
  return response;
}

Answer Ok(const google::protobuf::Message& message) {
  Answer answer;
  answer.grpc.message = message.SerializeAsString();
  answer.http.body = Json(message);
  return answer;
}

Answer Error(int code, const std::string& reason,
             const std::vector<std::pair<std::string, std::string>>& metadata,
             int retry_milliseconds) {
  const CodeNames names = NamesOf(code);
  google::rpc::Status status;
  status.set_code(code);
  status.set_message("a message");
  std::string more;
  if (!reason.empty()) {
    google::rpc::ErrorInfo info;
    info.set_reason(reason);
    info.set_domain("dnc.v1");
    for (const auto& [key, value] : metadata) {
      (*info.mutable_metadata())[key] = value;
      absl::StrAppend(&more, more.empty() ? "" : ",", "\"", key, "\":\"", value, "\"");
    }
    status.add_details()->PackFrom(info);
  }
  if (retry_milliseconds > 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(retry_milliseconds / 1000);
    retry.mutable_retry_delay()->set_nanos(retry_milliseconds % 1000 * 1'000'000);
    status.add_details()->PackFrom(retry);
  }
  Answer answer;
  answer.grpc.code = code;
  answer.grpc.text = "a message";
  if (status.details_size() > 0) answer.grpc.details = status.SerializeAsString();
  answer.http.status = names.http;
  answer.http.content_type = "application/problem+json";
  // HTTP tells whole seconds.
  if (retry_milliseconds > 0) answer.http.retry_after = absl::StrCat(1 + retry_milliseconds / 1000);
  answer.http.body =
      absl::StrCat(R"({"type":"about:blank","title":")", names.name, R"(","status":)", names.http,
                   R"(,"detail":"a message")",
                   reason.empty() ? "" : absl::StrCat(R"(,"reason":")", reason, "\""),
                   more.empty() ? "" : absl::StrCat(R"(,"metadata":{)", more, "}"), "}");
  return answer;
}

Answer Closed() {
  Answer answer;
  answer.grpc.fault = "close";
  answer.http.fault = "close";
  return answer;
}

Answer Web(int status, const std::string& content_type, const std::string& body) {
  Answer answer;
  answer.grpc.fault = "http";
  answer.grpc.http_status = status;
  answer.grpc.content_type = content_type;
  answer.grpc.body = body;
  answer.http.status = status;
  answer.http.content_type = content_type;
  answer.http.body = body;
  return answer;
}

}  // namespace dnc::conformance
