// Errors as HTTP callers see them.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "server/http/http_message.h"

namespace dnc {

// What HTTP calls a status: `Not Found`.
std::string_view HttpTitle(int status);

// The HTTP status that stands for an error's code: RESOURCE_EXHAUSTED is 429 if the caller's own
// quota is used up, 413 if the request is too large, and 503 if the server has no room.
int HttpStatusOf(const absl::Status& status);

// An `application/problem+json` object (RFC 9457) of one line: `type`, `title`, `status`, `detail`
// (what happened and what to do), `reason` as dnc.v1.ErrorReason has it, `metadata` if there is
// any. With Retry-After where the error says when to try again.
HttpAnswer ProblemAnswer(const absl::Status& status);
// The same with an HTTP status that says more than the error's code does: 405, 408, 431.
HttpAnswer ProblemAnswer(const absl::Status& status, int http_status);

}  // namespace dnc
