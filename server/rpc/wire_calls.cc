#include "server/rpc/wire_calls.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "server/rpc/error_status.h"
#include "server/rpc/scrub_call.h"

namespace dnc {
namespace {

constexpr size_t kMaxStrangersBytes = 4 << 10;
// Deflate makes of a byte no more than this.
constexpr size_t kMaxExpansion = 1032;
constexpr std::string_view kScrubPath = "/dnc.v1.ScrubService/Scrub";

Credentials CredentialsIn(const GrpcStream& call) {
  return {call.Metadata("authorization"), call.Metadata("dnc-tenant"), call.metadata_bytes()};
}

// Scrub on the caller's loop. It waits for its turn there, so that the loop first takes in what has
// arrived.
class WireScrubCall final : public ScrubCall,
                            public CallHandler,
                            public EventLoop::Job,
                            public std::enable_shared_from_this<WireScrubCall> {
 public:
  WireScrubCall(ScrubHandler* scrubs, const RpcContext& rpc, CallPtr call, size_t max_message)
      : ScrubCall(scrubs, rpc), call_(std::move(call)), max_message_(max_message) {}

  void OnMessage(ReceivedMessage message) override {
    message_ = std::move(message);
    has_message_ = true;
  }

  void OnEnd() override {
    if (!has_message_) {
      FailNotAMessage();
      return;
    }
    // Of a compressed message nobody knows yet how many numbers it has.
    const std::string_view first =
        message_.compressed() ? std::string_view() : message_.view().substr(0, kPeekBytes);
    const size_t bytes = message_.compressed()
                             ? std::min(message_.received() * kMaxExpansion, max_message_)
                             : message_.received();
    if (Admit(bytes, first)) call_->loop()->Submit(shared_from_this());
  }

  void RunJob() override {
    if (call_->cancelled()) {
      Fail(CallerGone());
    } else if (call_->DeadlinePassed()) {
      Fail(DeadlinePassed());
    } else if (const absl::Status expanded = message_.Expand(max_message_); !expanded.ok()) {
      Fail(expanded);
    } else {
      Answer(message_.view());
      // Should it have gone to a worker.
      call_->WatchDeadline();
    }
  }

  void OnCancel(CallEnd why) override {
    if (why == CallEnd::kDeadline) call_->Finish(ToWireStatus(DeadlinePassed()));
  }

 private:
  Credentials GetCredentials() const override { return CredentialsIn(*call_); }
  absl::Time Deadline() const override { return call_->DeadlineTime(); }
  EventLoop* Loop() const override { return call_->loop(); }
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
  const size_t max_message_;
  ReceivedMessage message_;
  bool has_message_ = false;
};

}  // namespace

absl::Status WireCalls::CheckKnown(const GrpcStream& call) const {
  const Credentials credentials = CredentialsIn(call);
  const absl::Status scrubs = rpc_.authorizer->Admit(credentials, Permission::kScrub).status();
  if (scrubs.ok()) return scrubs;
  for (const Permission other : {Permission::kRecords, Permission::kOperate}) {
    if (rpc_.authorizer->Admit(credentials, other).ok()) return absl::OkStatus();
  }
  return scrubs;
}

std::shared_ptr<CallHandler> WireCalls::Accept(const CallPtr& call) const {
  if (call->path() != kScrubPath) {
    // To expand a message costs far more than to send it: of strangers, who may ask for health and
    // reflection, the shortest are taken.
    const absl::Status known = call->compressed() ? CheckKnown(*call) : absl::OkStatus();
    return relay_.Begin(call, known.ok() ? max_message_ : kMaxStrangersBytes, known);
  }
  call->ExpectOneMessage();
  call->AskMessage();
  return std::make_shared<WireScrubCall>(&scrubs_, rpc_, call, max_message_);
}

}  // namespace dnc
