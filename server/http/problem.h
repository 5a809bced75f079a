// Errors as HTTP callers see them.
#pragma once

#include "absl/status/status.h"
#include "server/http/http_message.h"

namespace dnc {

// The HTTP status that stands for an error's code: RESOURCE_EXHAUSTED is 429 if the caller's own
// quota is used up, 413 if the request is too large, and 503 if the server has no room.
int HttpStatusOf(const absl::Status& status);

// An `application/problem+json` object (RFC 9457) of one line: `type`, `title`, `status`, `detail`
// (what happened and what to do), `reason` as dnc.v1.ErrorReason has it, `metadata` if there is
// any. With Retry-After where the error says when to try again.
HttpAnswer ProblemAnswer(const absl::Status& status);

}  // namespace dnc
