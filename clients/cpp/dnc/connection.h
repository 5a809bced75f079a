// Calls with a deadline and retries, between the client and the stub.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "dnc/scrub_stub.h"
#include "dnc/v1/scrub_service.pb.h"

namespace dnc {

struct RetryPolicy {
  absl::Duration deadline = absl::Seconds(2);  // for a call with all of its attempts
  int max_attempts = 4;
  absl::Duration first_backoff = absl::Milliseconds(50);  // doubles with each attempt
  absl::Duration max_backoff = absl::Seconds(1);
};

// Thread-safe. Repeats a call as long as attempts and time are left: one that failed with
// UNAVAILABLE after a random wait between half of the backoff and all of it, and so one that was
// CANCELLED without a reason, which is a server that stops and not the caller; one that failed with
// RESOURCE_EXHAUSTED and the time after which to come again, after that and up to as much more.
// Nothing else is repeated: a passed deadline has no time left, and other errors would come back.
class Connection {
 public:
  using Sleep = std::function<void(absl::Duration)>;

  Connection(std::unique_ptr<ScrubStub> stub, const RetryPolicy& policy);
  // Tests let `sleep` stand in for the waits.
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
