#include "server/rpc/scrub_call.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "server/base/call_timer.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"

namespace dnc {
namespace {

// Long enough that what was admitted will have been answered.
constexpr absl::Duration kRetryAfter = absl::Milliseconds(20);

}  // namespace

absl::Status Crowded() {
  return WithRetryAfter(
      LimitReached("the server has as many numbers under way as it can answer soon; try again "
                   "after the time in RetryInfo"),
      kRetryAfter);
}

bool ScrubCall::Admit(size_t bytes, std::string_view first) {
  const int64_t cost = AdmissionControl::CostOf(bytes);
  if (!rpc().gate->TryEnter(cost, Loop())) {
    FailCrowded();
    return false;
  }
  cost_ = cost;
  absl::StatusOr<Caller> caller = rpc().authorizer->Admit(GetCredentials(), Permission::kScrub);
  if (!caller.ok()) {
    Fail(caller.status());
    return false;
  }
  caller_ = *std::move(caller);
  // A length that is a lie charges no more than could be there.
  charged_ = std::min(PeekCount(first).value_or(0), bytes / kPackedNumberBytes);
  absl::StatusOr<Admission> admission = handler_.decider().Admit(caller_, charged_);
  if (!admission.ok()) {
    if (handler_.decider().IsFlood(caller_)) {
      LeaveGate();
      SendFloodRefusal(admission.status());
    } else {
      Fail(admission.status());
    }
    return false;
  }
  admission_ = *std::move(admission);
  return true;
}

void ScrubCall::Answer(std::string_view bytes) {
  const std::optional<ScrubColumns> columns = ReadScrubColumns(bytes);
  if (!columns.has_value() || !ScrubHandler::IsFast(caller_, *columns)) {
    AnswerMessage(bytes);
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

void ScrubCall::AnswerMessage(std::string_view bytes) {
  auto request = std::make_shared<v1::ScrubRequest>();
  if (!request->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    FailNotAMessage();
  } else if (ScrubHandler::IsFast(caller_, *request)) {
    AnswerRequest(*request);
  } else {
    AnswerOnWorker(std::move(request));
  }
}

void ScrubCall::AnswerOnWorker(std::shared_ptr<v1::ScrubRequest> request) {
  // Workers have a queue and a limit of their own.
  LeaveGate();
  const bool posted =
      rpc().workers->TryPost([this, keeper = Keeper(), request = std::move(request)] {
        // Whoever has waited too long for a worker does not listen any more.
        if (Deadline() < absl::Now()) {
          Fail(DeadlinePassed());
        } else {
          AnswerRequest(*request);
        }
      });
  if (!posted) Fail(LimitReached("too many calls are waiting; retry in a moment"));
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
  DNC_RETURN_IF_ERROR(ReachRevision(request.at_least_revision(), Deadline(), GetCredentials(),
                                    Permission::kScrub, &caller_));
  v1::ScrubResponse response;
  DNC_RETURN_IF_ERROR(handler_.ScrubAdmitted(caller_, charged_, request, &response));
  *answer = ToMessageBuffer(response);
  return absl::OkStatus();
}

void ScrubCall::Leave(absl::StatusCode code) {
  LeaveGate();
  admission_ = Admission();
  rpc().metrics->CountCall(Method::kScrub, code);
}

void ScrubCall::Succeed(MessageBuffer answer) {
  Leave(absl::StatusCode::kOk);
  SendAnswer(std::move(answer));
}

void ScrubCall::Fail(const absl::Status& status) {
  Leave(status.code());
  SendError(status);
}

void ScrubCall::FailCrowded() {
  Leave(absl::StatusCode::kResourceExhausted);
  SendCrowded();
}

void ScrubCall::FailNotAMessage() {
  Leave(absl::StatusCode::kInternal);
  SendNotAMessage();
}

void ScrubCall::LeaveGate() {
  if (cost_ > 0) rpc().gate->Leave(std::exchange(cost_, 0), Loop());
}

}  // namespace dnc
