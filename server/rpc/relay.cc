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
                          public EventLoop::Job,
                          public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                          public std::enable_shared_from_this<RelayedCall> {
 public:
  RelayedCall(CallPtr call, grpc::GenericStub* stub, LiveCalls* live, size_t max_expanded,
              absl::Status known)
      : call_(std::move(call)),
        stub_(*stub),
        live_(*live),
        max_expanded_(max_expanded),
        known_(std::move(known)) {}

  // Begins the call when its turn has come: that costs more than to read many frames.
  void RunJob() override {
    if (let_go_) return;
    started_ = true;
    live_.Add();
    self_ = shared_from_this();
    call_->WatchDeadline();
    if (const auto deadline = call_->deadline(); deadline != GrpcStream::Clock::time_point::max()) {
      // By the steady clock: the time of day may be set meanwhile.
      const std::chrono::nanoseconds left = deadline - GrpcStream::Clock::now();
      context_.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                         gpr_time_from_nanos(left.count(), GPR_TIMESPAN)));
    }
    call_->ForEachMetadata([this](std::string_view name, std::string_view value) {
      if (name == kRelayedPeer || name == "user-agent" || name == "host") return;
      if (!IsBinaryMetadata(name)) {
        context_.AddMetadata(std::string(name), std::string(value));
        return;
      }
      // The transport refuses what can't be decoded.
      const auto values = DecodeBinaryValues(value);
      if (!values.has_value()) return;
      for (const std::string& bytes : *values) context_.AddMetadata(std::string(name), bytes);
    });
    context_.AddMetadata(kRelayedPeer, call_->peer());
    stub_.PrepareBidiStreamingCall(&context_, std::string(call_->path()), {}, this);
    // Whoever writes or reads on the loop's thread must find the call alive.
    AddHold();
    StartRead(&incoming_);
    StartCall();
    if (ended_) {
      StartWritesDone();
    } else {
      call_->AskMessage();
    }
  }

  // The caller's events, on the loop's thread. Only there a read or a write is started, and only
  // there the hold is given away, after which nothing may be started.
  void OnMessage(ReceivedMessage message) override {
    if (let_go_) return;
    if (const absl::Status expanded = message.Expand(max_expanded_); !expanded.ok()) {
      call_->Finish(ToWireStatus(known_.ok() ? expanded : known_));
      context_.TryCancel();
      LetGo();
      return;
    }
    const std::string_view bytes = message.view();
    const grpc::Slice slice(bytes.data(), bytes.size());
    outgoing_ = grpc::ByteBuffer(&slice, 1);
    writing_ = true;
    StartWrite(&outgoing_);
  }
  void OnEnd() override {
    ended_ = true;
    if (started_ && !writing_ && !let_go_) StartWritesDone();
  }
  void OnWritten() override {
    if (!let_go_) StartRead(&incoming_);
  }
  void OnCancel(CallEnd why) override {
    if (why == CallEnd::kDeadline) call_->Finish(ToWireStatus(DeadlinePassed()));
    if (started_) context_.TryCancel();
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
    // Whoever waits for the end of all calls goes on when this one is gone.
    LiveCalls& live = live_;
    self_.reset();
    live.Remove();
  }

 private:
  template <class Task>
  void OnLoop(Task task) {
    call_->loop()->Post([keeper = shared_from_this(), task] { task(); });
  }

  void LetGo() {
    if (!std::exchange(let_go_, true) && started_) RemoveHold();
  }

  const CallPtr call_;
  grpc::GenericStub& stub_;
  LiveCalls& live_;
  const size_t max_expanded_;
  const absl::Status known_;  // else what a longer message is told
  grpc::ClientContext context_;
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;
  std::shared_ptr<RelayedCall> self_;  // until gRPC is done with it
  // Of the loop's thread.
  bool started_ = false;
  bool writing_ = false;
  bool ended_ = false;
  bool let_go_ = false;
};

}  // namespace

struct Relay::Impl {
  Impl(std::shared_ptr<grpc::Channel> channel, LiveCalls* calls)
      : stub(std::move(channel)), live(calls) {}
  grpc::GenericStub stub;
  LiveCalls* const live;
};

Relay::Relay(std::shared_ptr<grpc::Channel> channel, LiveCalls* live)
    : impl_(std::make_unique<Impl>(std::move(channel), live)) {}
Relay::~Relay() = default;

std::shared_ptr<CallHandler> Relay::Begin(const CallPtr& call, size_t max_expanded,
                                          absl::Status known) {
  call->AllowSilence();
  auto relayed = std::make_shared<RelayedCall>(call, &impl_->stub, impl_->live, max_expanded,
                                               std::move(known));
  call->loop()->Submit(relayed);
  return relayed;
}

}  // namespace dnc
