#include "server/rpc/wire_calls.h"

#include <utility>

#include "absl/time/clock.h"
#include "server/rpc/error_status.h"
#include "server/rpc/scrub_call.h"

namespace dnc {
namespace {

constexpr std::string_view kScrubPath = "/dnc.v1.ScrubService/Scrub";

// Scrub on the caller's loop. It waits for its turn there, so that the loop first takes in what has
// arrived.
class WireScrubCall final : public ScrubCall,
                            public CallHandler,
                            public EventLoop::Job,
                            public std::enable_shared_from_this<WireScrubCall> {
 public:
  WireScrubCall(ScrubHandler* scrubs, const RpcContext& rpc, CallPtr call)
      : ScrubCall(scrubs, rpc), call_(std::move(call)) {}

  void OnMessage(ReceivedMessage message) override {
    message_ = std::move(message);
    has_message_ = true;
  }

  void OnEnd() override {
    if (!has_message_) {
      SendNotAMessage();
      return;
    }
    const std::string_view bytes = message_.view();
    if (Admit(bytes.size(), bytes.substr(0, kPeekBytes))) call_->loop()->Submit(shared_from_this());
  }

  void RunJob() override {
    if (call_->cancelled() || call_->DeadlinePassed()) {
      Fail(DeadlinePassed());
    } else {
      Answer(message_.view());
    }
  }

  void OnCancel(CallEnd why) override {
    if (why == CallEnd::kDeadline) call_->Finish(ToWireStatus(DeadlinePassed()));
  }

 private:
  Credentials GetCredentials() const override {
    return {call_->Metadata("authorization"), call_->Metadata("dnc-tenant"),
            call_->metadata_bytes()};
  }
  absl::Time Deadline() const override { return call_->DeadlineTime(); }
  void SendAnswer(MessageBuffer answer) override { call_->Answer(std::move(answer)); }
  void SendError(const absl::Status& status) override { call_->Finish(ToWireStatus(status)); }
  void SendCrowded() override {
    // Made once: what is refused must cost little.
    static const GrpcStatus crowded = ToWireStatus(Crowded());
    call_->Finish(crowded);
  }
  void SendNotAMessage() override {
    call_->Finish(
        {static_cast<int>(absl::StatusCode::kInternal), "the request is no ScrubRequest", ""});
  }
  // At once: a refusal costs less than to keep the call.
  void SendFloodRefusal(const absl::Status& status) override { Fail(status); }
  std::shared_ptr<void> Keeper() override { return shared_from_this(); }

  const CallPtr call_;
  ReceivedMessage message_;
  bool has_message_ = false;
};

}  // namespace

std::shared_ptr<CallHandler> WireCalls::Accept(const CallPtr& call) const {
  if (call->path() != kScrubPath) return relay_.Begin(call);
  call->AskMessage();
  return std::make_shared<WireScrubCall>(&scrubs_, rpc_, call);
}

}  // namespace dnc
