// The heads of requests and answers: what of them is accepted, and how they are written.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "server/http/http_message.h"

namespace dnc {

namespace http_status {
inline constexpr int kNoContent = 204;
inline constexpr int kNotModified = 304;
inline constexpr int kBadRequest = 400;
inline constexpr int kNotFound = 404;
inline constexpr int kNotAllowed = 405;
inline constexpr int kTimeout = 408;
inline constexpr int kTooLarge = 413;
inline constexpr int kNoExpectation = 417;
inline constexpr int kHeadTooLarge = 431;
inline constexpr int kNotImplemented = 501;
inline constexpr int kUnavailable = 503;
inline constexpr int kNoSuchVersion = 505;
}  // namespace http_status

// What is wrong with a request that is answered without a handler.
struct HttpRefusal {
  int http_status;
  absl::Status why;
};

// Checks what two readers of a head could understand differently, its lengths and its host above
// all; nothing if it is in order.
std::optional<HttpRefusal> CheckHead(const HttpRequest& head, bool is_http10);

// Takes the path, which is the whole target still, apart from the query. The host of an absolute
// target replaces what `Host` says.
std::optional<HttpRefusal> TakeTarget(HttpRequest* head);

// Whether an answer with this status may have neither body nor Content-Length.
bool HasNoBody(int status);

// Whether the answer's own fields may be written: none of them has a line break, for example.
bool IsSendable(const HttpAnswer& answer);

// Appends the status line and all fields, up to the empty line. `keep`: the connection stays open.
void WriteAnswerHead(const HttpAnswer& answer, bool keep, bool is_http10, std::string* out);

}  // namespace dnc
