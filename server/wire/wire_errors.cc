#include "server/wire/wire_errors.h"

#include "server/base/error.h"
#include "server/base/str_cat.h"

namespace dnc {

absl::Status Malformed(std::string_view what) { return Error(reason::kMalformedCall, what); }
absl::Status NotSupported(std::string_view what) { return Error(reason::kNotSupported, what); }

absl::Status NoRoom() {
  static const absl::Status status = WithRetryAfter(
      Error(reason::kLimitReached,
            "the server holds as many unfinished requests and unread answers as it may; read the "
            "answers, and try again in a moment"),
      absl::Milliseconds(100));
  return status;
}

absl::Status TooMuchMetadata(size_t size, size_t most) {
  return Error(reason::kLimitReached,
               StrCat("the call has ", size, " bytes of metadata, and a call may have ", most,
                      " (limits.max_metadata_bytes); send fewer or shorter entries"));
}

absl::Status TooLong(size_t size, size_t most) {
  return Error(reason::kLimitReached,
               StrCat("the message has ", size, " bytes, and a request may have ", most,
                      " (limits.max_request_bytes); send less at once"));
}

absl::Status HalfARequest() {
  return Error(reason::kStreamSilent,
               "the caller sent nothing of what the call waits for in time "
               "(limits.silent_stream_seconds), and its place is given to others; begin again");
}

absl::Status NobodyReads() {
  return Error(reason::kStreamSilent,
               "the caller read nothing of the answer in time (limits.silent_stream_seconds); ask "
               "again");
}

}  // namespace dnc
