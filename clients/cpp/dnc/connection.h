// Makes calls with a deadline and retries; it stands between the client and the stub.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "dnc/scrub_stub.h"
#include "dnc/v1/scrub_service.pb.h"

namespace dnc {

struct RetryPolicy {
  absl::Duration deadline = absl::Seconds(2);  // for a call with all its attempts
  int max_attempts = 4;
  absl::Duration first_backoff = absl::Milliseconds(50);  // doubles with each attempt
  absl::Duration max_backoff = absl::Seconds(1);
};

// Repeats a call as long as attempts and time are left. A call that failed with UNAVAILABLE is
// repeated after a random wait between half of the backoff and all of it. So is one that was
// CANCELLED without a reason: that comes from a server that stops, and not from the caller. A call
// that failed with RESOURCE_EXHAUSTED and the time after which to come again is repeated after that
// time and up to as much more. Nothing else is repeated: after a passed deadline no time is left,
// and other errors would come again. Thread-safe.
class Connection {
 public:
  using Sleep = std::function<void(absl::Duration)>;

  Connection(std::unique_ptr<ScrubStub> stub, const RetryPolicy& policy);
  // Tests replace the waits by `sleep`.
  Connection(std::unique_ptr<ScrubStub> stub, const RetryPolicy& policy, Sleep sleep);

  absl::Status Scrub(const v1::ScrubRequest& request, v1::ScrubResponse* response);
  absl::Status CheckNumber(const v1::CheckNumberRequest& request,
                           v1::CheckNumberResponse* response);

 private:
  absl::Status Retry(const std::function<absl::Status(absl::Time deadline)>& attempt) const;

  std::unique_ptr<ScrubStub> stub_;
  RetryPolicy policy_;
  Sleep sleep_;
};

}  // namespace dnc
