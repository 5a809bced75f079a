#include "server/http/problem.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "nlohmann/json.hpp"
#include "server/base/error.h"
#include "server/base/log_line.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr int kTooLarge = 413;
constexpr int kTooMany = 429;
constexpr int kNoRoom = 503;

int StatusOfExhausted(const absl::Status& status) {
  if (ErrorReason(status) == reason::kQuotaExceeded) return kTooMany;
  return ErrorMetadata(status).count("max_bytes") > 0 ? kTooLarge : kNoRoom;
}

}  // namespace

std::string_view HttpTitle(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 406:
      return "Not Acceptable";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Internal Server Error";
  }
}

int HttpStatusOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return StatusOfExhausted(status);
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

HttpAnswer ProblemAnswer(const absl::Status& status) {
  return ProblemAnswer(status, HttpStatusOf(status));
}

HttpAnswer ProblemAnswer(const absl::Status& status, int http_status) {
  const std::string why = ErrorReason(status);
  if (why == reason::kInternal) {
    LogError("an HTTP call failed inside the server: {}", std::string(status.message()));
  }
  nlohmann::ordered_json problem;
  problem["type"] = "about:blank";
  problem["title"] = HttpTitle(http_status);
  problem["status"] = http_status;
  problem["detail"] = std::string(status.message());
  problem["reason"] = why;
  std::map<std::string, std::string> metadata = ErrorMetadata(status);
  if (const std::string guard = ErrorGuard(status); !guard.empty()) metadata["guard"] = guard;
  if (!metadata.empty()) problem["metadata"] = metadata;
  HttpAnswer answer;
  answer.status = http_status;
  answer.content_type = "application/problem+json";
  if (const absl::Duration wait = RetryAfter(status); wait > absl::ZeroDuration()) {
    const int64_t seconds = absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1)));
    answer.headers.push_back({"Retry-After", StrCat(std::max<int64_t>(1, seconds))});
  }
  if (http_status == 401) answer.headers.push_back({"WWW-Authenticate", "Bearer"});
  // What a caller has sent may be in the message; it need not be UTF-8.
  answer.body = problem.dump(-1, ' ', /*ensure_ascii=*/false,
                             nlohmann::ordered_json::error_handler_t::replace);
  return answer;
}

}  // namespace dnc
