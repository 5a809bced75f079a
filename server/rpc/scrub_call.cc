#include "server/rpc/scrub_call.h"

#include <algorithm>
#include <utility>

#include "server/base/call_timer.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {

// Where the numbers begin in whatever a client sends that names a scope of some length.
constexpr size_t kPeekBytes = 128;
// Deflate makes of a byte no more than this.
constexpr size_t kMaxExpansion = 1032;
// Long enough that what was admitted will have been answered.
constexpr absl::Duration kRetryAfter = absl::Milliseconds(20);

}  // namespace

absl::Status Crowded() {
  return WithRetryAfter(
      LimitReached("the server has as many numbers under way as it can answer soon; try again "
                   "after the time in RetryInfo"),
      kRetryAfter);
}

void ScrubCall::OnRequest() {
  // Of a compressed message nobody knows yet how many numbers it has.
  const std::string_view first =
      message().compressed() ? std::string_view() : message().view().substr(0, kPeekBytes);
  const size_t bytes = message().compressed()
                           ? std::min(message().received() * kMaxExpansion, rpc().max_message)
                           : message().received();
  if (!TakeIn(bytes, first)) return;
  // Nobody knows how long a compressed message takes, so it stays on this loop.
  call().loop()->Submit(Self(this),
                        message().compressed() ? 0 : rpc().gate->CostOf(message().received()));
}

// Only refuses: whoever is admitted takes a place and spends numbers, which a request that does not
// come on must not.
void ScrubCall::OnMessageBegun(size_t size, std::string_view first, bool compressed) {
  if (compressed) return;
  const absl::StatusOr<Caller> caller = Admit(Permission::kScrub);
  if (!caller.ok()) {
    Deny(caller.status());
    return;
  }
  const size_t count = CountToCharge(size, first.substr(0, kPeekBytes));
  if (const absl::Status quota = handler_.decider().CheckQuota(*caller, count); !quota.ok()) {
    Deny(quota);
  }
}

size_t ScrubCall::CountToCharge(size_t bytes, std::string_view first) {
  // A length that is a lie charges no more than could be there.
  return std::min(PeekCount(first).value_or(0), bytes / kPackedNumberBytes);
}

bool ScrubCall::TakeIn(size_t bytes, std::string_view first) {
  const int64_t cost = rpc().gate->CostOf(bytes);
  if (!rpc().gate->TryEnter(cost, loop_)) {
    static const absl::Status crowded = Crowded();
    Deny(crowded);
    return false;
  }
  cost_ = cost;
  absl::StatusOr<Caller> caller = Admit(Permission::kScrub);
  if (!caller.ok()) {
    Deny(caller.status());
    return false;
  }
  caller_ = *std::move(caller);
  charged_ = CountToCharge(bytes, first);
  absl::StatusOr<Admission> admission = handler_.decider().Admit(caller_, charged_);
  if (!admission.ok()) {
    Deny(admission.status());
    return false;
  }
  admission_ = *std::move(admission);
  return true;
}

void ScrubCall::RunJob() {
  if (const absl::Status wanted = StillWanted(); !wanted.ok()) {
    Fail(wanted);
  } else if (const absl::Status expanded = message().Expand(rpc().max_message); !expanded.ok()) {
    Fail(expanded);
  } else {
    AnswerBytes();
  }
}

void ScrubCall::OnGivenAway() { AdmissionControl::MoveAway(cost_, loop_); }

void ScrubCall::OnTaken(EventLoop* by) {
  loop_ = by;
  AdmissionControl::MoveHere(cost_, loop_);
}

void ScrubCall::AnswerBytes() {
  const std::optional<ScrubColumns> columns = ReadScrubColumns(message().view());
  if (!columns.has_value() || !ScrubHandler::IsFast(caller_, *columns)) {
    AnswerMessage();
    return;
  }
  absl::Status status;
  MessageBuffer answer;
  {
    CallTimer timer(rpc().metrics, Method::kScrub);
    status = handler_.AnswerColumns(caller_, charged_, *columns, &answer);
  }
  if (status.ok()) {
    Succeed(std::move(answer));
  } else {
    Fail(status);
  }
}

void ScrubCall::AnswerMessage() {
  auto request = std::make_shared<v1::ScrubRequest>();
  if (const absl::Status read = ReadMessage(rpc().max_message, request.get()); !read.ok()) {
    Fail(read);
  } else if (ScrubHandler::IsFast(caller_, *request)) {
    AnswerRequest(*request);
  } else {
    AnswerOnWorker(request);
  }
}

void ScrubCall::AnswerOnWorker(const std::shared_ptr<v1::ScrubRequest>& request) {
  // Workers have a queue and a limit of their own.
  if (cost_ > 0) AdmissionControl::MoveAway(std::exchange(cost_, 0), loop_);
  const bool posted = rpc().workers->TryPost([self = Self(this), request] {
    // Whoever has waited too long for a worker does not listen any more.
    if (const absl::Status wanted = self->StillWanted(); !wanted.ok()) {
      self->Fail(wanted);
    } else {
      self->AnswerRequest(*request);
    }
  });
  if (!posted) {
    Fail(TooManyCallsWait());
    return;
  }
  call().WatchDeadline();
}

void ScrubCall::AnswerRequest(const v1::ScrubRequest& request) {
  MessageBuffer answer;
  if (const absl::Status status = Scrub(request, &answer); status.ok()) {
    Succeed(std::move(answer));
  } else {
    Fail(status);
  }
}

absl::Status ScrubCall::Scrub(const v1::ScrubRequest& request, MessageBuffer* answer) {
  CallTimer timer(rpc().metrics, Method::kScrub);
  DNC_RETURN_IF_ERROR(ReachRevision(request.at_least_revision(), Permission::kScrub, &caller_));
  v1::ScrubResponse response;
  DNC_RETURN_IF_ERROR(handler_.ScrubAdmitted(caller_, charged_, request, &response));
  *answer = ToMessageBuffer(response);
  return absl::OkStatus();
}

void ScrubCall::Leave() {
  LeaveGate();
  admission_ = Admission();
}

void ScrubCall::Succeed(MessageBuffer answer) {
  Leave();
  ServedCall::Answer(std::move(answer));
}

void ScrubCall::Fail(const absl::Status& status) {
  Leave();
  Finish(status);
}

void ScrubCall::Deny(const absl::Status& status) {
  Leave();
  FinishKept(status);
}

void ScrubCall::LeaveGate() {
  if (cost_ > 0) rpc().gate->Leave(std::exchange(cost_, 0), loop_);
}

}  // namespace dnc
