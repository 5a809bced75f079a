#include "server/rpc/scrub_service.h"

#include <memory>
#include <utility>

#include "server/base/call_timer.h"
#include "server/base/status_macros.h"
#include "server/rpc/scrub_call.h"
#include "server/rpc/served_call.h"
#include "server/rpc/unary_call.h"
#include "server/service/request_errors.h"
#include "server/wire/event_loop.h"

namespace dnc {
namespace {

// ScrubStream: batches in, answers out, one batch at a time, on the caller's loop in its turn, or
// on the loop that takes a long batch over. It takes no place from others, so a caller may keep it
// open and quiet.
class ScrubStreamCall final : public TurnStream, public EventLoop::Job {
 public:
  ScrubStreamCall(const RpcContext& rpc, ScrubHandler* handler, CallPtr call)
      : TurnStream(rpc, Method::kScrubStream, std::move(call)), handler_(*handler) {}

  void RunJob() override {
    if (const absl::Status read = ReadBatch(); !read.ok()) {
      Finish(read);
    } else if (ScrubHandler::IsFast(caller_, request_.scrub())) {
      Decide();
    } else if (!rpc().workers->TryPost([self = Self(this)] { self->Decide(); })) {
      Finish(LimitReached("too many calls are waiting; send the rest of the numbers again later"));
    }
  }

 private:
  absl::Status Admitted() override {
    call().AllowSilence();
    return AdmitNew(Permission::kScrub).status();
  }
  void Take() override {
    call().loop()->Submit(Self(this), rpc().gate->CostOf(message().received()));
  }
  void AllSent() override { Finish(absl::OkStatus()); }

  absl::Status ReadBatch() {
    if (gone()) return CallerGone();
    // Anew for each batch: a key that was revoked meanwhile ends the stream.
    DNC_ASSIGN_OR_RETURN(caller_, Admit(Permission::kScrub));
    return ReadMessage(rpc().max_message, &request_);
  }

  void Decide() {
    response_.Clear();
    absl::Status status;
    {
      CallTimer timer(rpc().metrics, Method::kScrubStream);
      status = Scrub();
    }
    if (status.ok()) {
      Write(response_);
    } else {
      Finish(status);
    }
  }

  absl::Status Scrub() {
    DNC_RETURN_IF_ERROR(
        ReachRevision(request_.scrub().at_least_revision(), Permission::kScrub, &caller_));
    return handler_.Scrub(caller_, request_.scrub(), response_.mutable_scrub());
  }

  ScrubHandler& handler_;
  v1::ScrubStreamRequest request_;
  Caller caller_;  // of the batch
  v1::ScrubStreamResponse response_;
};

}  // namespace

void AddScrubService(ScrubHandler* handler, MethodTable* table) {
  constexpr std::string_view kScrub = "/dnc.v1.ScrubService/Scrub";
  table->AddCall<ScrubCall>(kScrub, Permission::kScrub, handler);
  // ScrubCall answers from bytes to bytes; other fronts have messages.
  UnaryMethod<v1::ScrubRequest, v1::ScrubResponse> scrub{
      Method::kScrub, Permission::kScrub,
      [handler](const Caller& caller, const auto& request, auto* response) {
        return handler->Scrub(caller, request, response);
      }};
  scrub.at_least_revision = [](const auto& request) { return request.at_least_revision(); };
  UnaryHandler weighed = HandlerOf(scrub);
  weighed.weighed = true;
  weighed.is_fast = [](const Caller& caller, const google::protobuf::Message& request) {
    return ScrubHandler::IsFast(caller, static_cast<const v1::ScrubRequest&>(request));
  };
  table->AddUnary(kScrub, std::move(weighed));
  table->AddStream<ScrubStreamCall>("/dnc.v1.ScrubService/ScrubStream", Permission::kScrub,
                                    handler);
  UnaryMethod<v1::CheckNumberRequest, v1::CheckNumberResponse> check{
      Method::kCheckNumber, Permission::kScrub,
      [handler](const Caller& caller, const auto& request, auto* response) {
        return handler->CheckNumber(caller, request, response);
      }};
  check.at_least_revision = [](const auto& request) { return request.at_least_revision(); };
  AddUnary(table, "/dnc.v1.ScrubService/CheckNumber", std::move(check));
}

}  // namespace dnc
