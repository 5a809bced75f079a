// A relayed call is a stream on both sides, whatever the method is: what the caller sends goes on
// message by message, and the next is asked for when the one before has been taken.
//
//   caller --> GrpcStream --OnMessage--> StartWrite --OnWriteDone--> AskMessage
//   caller <-- GrpcStream <--Write------ OnReadDone <--StartRead---- OnWritten
//
// gRPC's events come on threads of its own, the caller's on the loop's.
#include <cstring>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "grpc/support/time.h"
#include "grpcpp/client_context.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/client_callback.h"
#include "server/rpc/error_status.h"
#include "server/rpc/wire_calls.h"

namespace dnc {
namespace {

MessageBuffer Gather(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  MessageBuffer message(bytes.Length());
  if (!bytes.Dump(&slices).ok()) return message;
  size_t at = 0;
  for (const grpc::Slice& slice : slices) {
    std::memcpy(message.space() + at, slice.begin(), slice.size());
    at += slice.size();
  }
  message.SetMessage(0, at);
  return message;
}

class RelayedCall final : public CallHandler,
                          public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                          public std::enable_shared_from_this<RelayedCall> {
 public:
  explicit RelayedCall(CallPtr call) : call_(std::move(call)) {}

  void Start(grpc::GenericStub* stub) {
    self_ = shared_from_this();
    call_->AllowSilence();
    if (const auto deadline = call_->deadline(); deadline != GrpcStream::Clock::time_point::max()) {
      // By the steady clock: the time of day may be set meanwhile.
      const std::chrono::nanoseconds left = deadline - GrpcStream::Clock::now();
      context_.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                         gpr_time_from_nanos(left.count(), GPR_TIMESPAN)));
    }
    call_->ForEachMetadata([this](std::string_view name, std::string_view value) {
      if (name == kRelayedPeer || name == "user-agent" || name == "host") return;
      std::string text(value);
      if (name.size() > 4 && name.substr(name.size() - 4) == "-bin") {
        text = DecodeBinaryMetadata(value).value_or("");
      }
      context_.AddMetadata(std::string(name), text);
    });
    context_.AddMetadata(kRelayedPeer, call_->peer());
    stub->PrepareBidiStreamingCall(&context_, std::string(call_->path()), {}, this);
    // Whoever writes or reads on the loop's thread must find the call alive.
    AddHold();
    StartRead(&incoming_);
    StartCall();
    call_->AskMessage();
  }

  // The caller's events, on the loop's thread. Only there a read or a write is started, and only
  // there the hold is given away, after which nothing may be started.
  void OnMessage(ReceivedMessage message) override {
    if (let_go_) return;
    const std::string_view bytes = message.view();
    const grpc::Slice slice(bytes.data(), bytes.size());
    outgoing_ = grpc::ByteBuffer(&slice, 1);
    writing_ = true;
    StartWrite(&outgoing_);
  }
  void OnEnd() override {
    ended_ = true;
    if (!writing_ && !let_go_) StartWritesDone();
  }
  void OnWritten() override {
    if (!let_go_) StartRead(&incoming_);
  }
  void OnCancel(CallEnd /*why*/) override {
    context_.TryCancel();
    LetGo();
  }

  // gRPC's events, on threads of its own.
  void OnWriteDone(bool ok) override {
    OnLoop([this, ok] {
      writing_ = false;
      if (!ok || let_go_) return;
      if (ended_) {
        StartWritesDone();
      } else {
        call_->AskMessage();
      }
    });
  }
  void OnReadDone(bool ok) override {
    if (ok) {
      call_->Write(Gather(incoming_));
    } else {
      // The status is there: nothing more is read or written.
      OnLoop([this] { LetGo(); });
    }
  }
  void OnDone(const grpc::Status& status) override {
    call_->Finish(
        {static_cast<int>(status.error_code()), status.error_message(), status.error_details()});
    self_.reset();
  }

 private:
  template <class Task>
  void OnLoop(Task task) {
    call_->loop()->Post([keeper = shared_from_this(), task] { task(); });
  }

  void LetGo() {
    if (!std::exchange(let_go_, true)) RemoveHold();
  }

  const CallPtr call_;
  grpc::ClientContext context_;
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;
  std::shared_ptr<RelayedCall> self_;  // until gRPC is done with it
  // Of the loop's thread.
  bool writing_ = false;
  bool ended_ = false;
  bool let_go_ = false;
};

}  // namespace

struct Relay::Impl {
  explicit Impl(std::shared_ptr<grpc::Channel> channel) : stub(std::move(channel)) {}
  grpc::GenericStub stub;
};

Relay::Relay(std::shared_ptr<grpc::Channel> channel)
    : impl_(std::make_unique<Impl>(std::move(channel))) {}
Relay::~Relay() = default;

std::shared_ptr<CallHandler> Relay::Begin(const CallPtr& call) {
  auto relayed = std::make_shared<RelayedCall>(call);
  relayed->Start(&impl_->stub);
  return relayed;
}

}  // namespace dnc
