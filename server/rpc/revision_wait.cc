#include "server/rpc/revision_wait.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/rpc/call_site.h"
#include "server/rpc/error_status.h"

namespace dnc {
namespace {

// Frees the place that a waiting call holds.
class CountGuard {
 public:
  explicit CountGuard(std::atomic<int>* count) : count_(count), before_(count->fetch_add(1)) {}
  ~CountGuard() { count_->fetch_sub(1); }
  CountGuard(const CountGuard&) = delete;
  CountGuard& operator=(const CountGuard&) = delete;
  int before() const { return before_; }

 private:
  std::atomic<int>* const count_;
  const int before_;
};

}  // namespace

absl::Status RevisionWait::Wait(uint64_t revision, absl::Time deadline) {
  const uint64_t last = from_.order->last();
  if (last >= revision) return absl::OkStatus();
  if (from_.registry->snapshot() == nullptr) return StillStarting();
  const CountGuard wait(&waiting_);
  if (wait.before() >= limits_.most_calls) {
    return LimitReached("too many calls wait for a later revision; retry in a moment");
  }
  // By the time of day, whatever clock ages are judged by.
  const absl::Time until = std::min(deadline, absl::Now() + limits_.longest);
  if (from_.order->WaitFor(revision, until)) return absl::OkStatus();
  return RevisionNotReached(revision, last);
}

absl::Status RevisionWait::Reach(uint64_t revision, const grpc::ServerContext& context,
                                 Access access, Caller* caller) {
  DNC_RETURN_IF_ERROR(Wait(revision, DeadlineOf(context)));
  DNC_ASSIGN_OR_RETURN(*caller, from_.gatekeeper->Admit(context, access));
  return absl::OkStatus();
}

}  // namespace dnc
