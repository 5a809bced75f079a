#include "dnc/connection.h"

#include <algorithm>
#include <utility>

#include "absl/random/random.h"
#include "absl/time/clock.h"
#include "dnc/rpc_status.h"

namespace dnc {
namespace {

// Half of the wait is fixed, so that a server that restarts gets time. The other half is random, so
// that its clients do not all come back at once.
absl::Duration WithJitter(absl::Duration backoff) {
  thread_local absl::BitGen random;
  return backoff * absl::Uniform(random, 0.5, 1.0);
}

}  // namespace

Connection::Connection(std::unique_ptr<ScrubStub> stub, const RetryPolicy& policy)
    : Connection(std::move(stub), policy, [](absl::Duration wait) { absl::SleepFor(wait); }) {}

Connection::Connection(std::unique_ptr<ScrubStub> stub, const RetryPolicy& policy, Sleep sleep)
    : stub_(std::move(stub)), policy_(policy), sleep_(std::move(sleep)) {}

absl::Status Connection::Retry(
    const std::function<absl::Status(absl::Time deadline)>& attempt) const {
  const absl::Time deadline = absl::Now() + policy_.deadline;
  absl::Duration backoff = policy_.first_backoff;
  for (int attempts = 1;; ++attempts) {
    absl::Status status = attempt(deadline);
    const absl::Duration told = RetryAfterOf(status);
    const bool crowded = absl::IsResourceExhausted(status) && told > absl::ZeroDuration();
    const bool lost =
        absl::IsUnavailable(status) || (absl::IsCancelled(status) && ReasonOf(status).empty());
    if (!(lost || crowded) || attempts >= policy_.max_attempts) {
      return status;
    }
    // The server's time is the least wait, which is half of twice as much.
    const absl::Duration wait = WithJitter(crowded ? 2 * told : backoff);
    if (absl::Now() + wait >= deadline) return status;
    sleep_(wait);
    if (!crowded) backoff = std::min(backoff * 2, policy_.max_backoff);
  }
}

absl::Status Connection::Scrub(const v1::ScrubRequest& request, v1::ScrubResponse* response) {
  return Retry([&](absl::Time deadline) {
    response->Clear();
    return stub_->Scrub(deadline, request, response);
  });
}

absl::Status Connection::CheckNumber(const v1::CheckNumberRequest& request,
                                     v1::CheckNumberResponse* response) {
  return Retry([&](absl::Time deadline) {
    response->Clear();
    return stub_->CheckNumber(deadline, request, response);
  });
}

}  // namespace dnc
