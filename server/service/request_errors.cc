#include "server/service/request_errors.h"

#include "server/base/error.h"
#include "server/base/str_cat.h"

namespace dnc {

absl::Status InvalidRequest(std::string_view message) {
  return Error(reason::kInvalidRequest, message);
}

absl::Status LimitReached(std::string_view message) {
  return Error(reason::kLimitReached, message);
}

absl::Status TooManyCallsWait() {
  return WithRetryAfter(LimitReached("too many calls are waiting; retry in a moment"),
                        absl::Milliseconds(100));
}

absl::Status CallerGone(std::string_view message) { return Error(reason::kCallerGone, message); }

absl::Status DeadlinePassed() {
  return Error(
      reason::kDeadlinePassed,
      "the call's deadline passed before the server could answer; allow more time, or send "
      "less at once");
}

absl::Status Stopping() {
  return Error(reason::kStopping,
               "the server is stopping; repeat the call on another server, or when this one is "
               "back");
}

absl::Status StillStarting() {
  return Error(reason::kStarting,
               "the server is still reading and verifying its data; retry in a moment");
}

absl::Status RevisionLost(uint64_t revision, uint64_t lost_up_to) {
  return Error(
      reason::kRevisionNotReached,
      StrCat("revision ", revision, " was asked for, but changes up to revision ", lost_up_to,
             " were lost with a store that began empty, or by restoring an older backup; write "
             "what is missing again and ask for the revision of that"));
}

absl::Status RevisionNotReached(uint64_t revision, uint64_t last) {
  return Error(
      reason::kRevisionNotReached,
      StrCat("revision ", revision, " was asked for, the server is at ", last,
             "; repeat the call when the change is visible. If it never is, the server was "
             "restored from an older backup, or is another one"));
}

}  // namespace dnc
