// What the calls of all methods have in common, on the transport of our own.
//
//   ServedCall         any call: who calls, the message at hand, the end, the count of it
//    |- OneRequestCall   one message, and then the answer or a stream of them
//    |   |- ScrubCall, UnaryCall, ExportCall
//    |   '- WokenStream    tells news as it comes
//    '- TurnStream       message by message, each answered before the next
//
// A call's functions that the transport calls (CallHandler) run on its loop. The object lives as
// long as its stream, a worker's job or whoever else holds it; whoever is late finds that nobody
// listens any more: what is written then goes nowhere.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message_lite.h"
#include "server/base/method.h"
#include "server/rpc/rpc_context.h"
#include "server/service/authorizer.h"
#include "server/wire/grpc_stream.h"

namespace dnc {

// So many bytes has a message at most that is read on the loop, or of a caller without a key: to
// read one costs far more than to send it, if it comes compressed.
inline constexpr size_t kMaxSmallBytes = 4 << 10;

// The caller's address without its port, from the transport's text: `ipv4:127.0.0.1:50000`.
std::string HostOf(const std::string& peer);

// What a call says of its caller; valid as long as the call.
Credentials CredentialsOf(const GrpcStream& call);

// A server that ends waits until all are gone.
class ServedCall : public CallHandler, public std::enable_shared_from_this<ServedCall> {
 public:
  ServedCall(const ServedCall&) = delete;
  ServedCall& operator=(const ServedCall&) = delete;
  ~ServedCall() override;

  void OnCancel(CallEnd why) override;

 protected:
  ServedCall(const RpcContext& rpc, Method method, CallPtr call)
      : live_(rpc.live), rpc_(rpc), method_(method), call_(std::move(call)) {}

  const RpcContext& rpc() const { return rpc_; }
  GrpcStream& call() const { return *call_; }
  // Nobody listens any more.
  bool gone() const { return call_->cancelled(); }
  // Why nobody listens any more, for a call that has waited; OK if somebody does.
  absl::Status StillWanted() const;

  // The message at hand: the last that has come, until it is read.
  void Keep(ReceivedMessage message) { message_ = std::move(message); }
  ReceivedMessage& message() { return message_; }
  // Reads it, expanded first if it came compressed; its bytes are let go. Errors: LIMIT_REACHED for
  // one of more than `max_bytes`, MALFORMED_CALL for bytes that are no such message.
  absl::Status ReadMessage(size_t max_bytes, google::protobuf::MessageLite* out);

  // Who calls, as of now, and whether the call is permitted: Authorizer::Admit.
  absl::StatusOr<Caller> Admit(Permission permission) const {
    return rpc_.authorizer->Admit(CredentialsOf(*call_), permission);
  }
  // The same for a stream that begins: a server that stops refuses it.
  absl::StatusOr<Caller> AdmitNew(Permission permission) const;
  // Waits until the server is at `revision`, if the caller is not there yet: RevisionWait::Reach.
  absl::Status ReachRevision(uint64_t revision, Permission permission, Caller* caller) const;

  // Each of these ends the call, on any thread; the first that is called counts.
  void Answer(MessageBuffer message);
  void Finish(const absl::Status& status);
  void FinishKept(const absl::Status& status);  // of an error that is told often: ToKeptFields

  template <class Derived>
  std::shared_ptr<Derived> Self(Derived* self) {
    return {shared_from_this(), self};
  }

  // Runs `task` on the call's loop.
  void OnLoop(std::function<void()> task);

 private:
  // Nobody listens any more: called on the loop, at most once.
  virtual void OnGone() {}
  // Whether this was the first; it is counted.
  bool End(absl::StatusCode code);

  const LiveCall live_;  // counts until the rest is gone
  const RpcContext& rpc_;
  const Method method_;
  const CallPtr call_;
  ReceivedMessage message_;
  std::atomic<bool> ended_{false};
  bool gone_told_ = false;
};

// A call whose caller sends one message.
class OneRequestCall : public ServedCall {
 public:
  void OnMessage(ReceivedMessage message) final;
  void OnEnd() final;

 protected:
  using ServedCall::ServedCall;

  // The message is at hand. Called on the loop.
  virtual void OnRequest() = 0;

 private:
  bool has_message_ = false;
};

// A stream of messages from the caller, each of which is answered or stored before the next is
// taken: so a slow reader slows the writer. Next and the virtual functions run on the loop.
class TurnStream : public ServedCall {
 public:
  // Called when the call has been accepted: the caller is admitted, or the stream ends here.
  void Begin();
  void OnMessage(ReceivedMessage message) final;
  void OnEnd() final;
  void OnWritten() final { Next(); }

 protected:
  using ServedCall::ServedCall;

  // Whether the stream may begin.
  virtual absl::Status Admitted() = 0;
  // Takes the message at hand: Write, Next or Finish follows, from any thread.
  virtual void Take() = 0;
  // The caller has sent all, and all is taken: Answer or Finish follows.
  virtual void AllSent() = 0;

  void Write(const google::protobuf::MessageLite& message);
  // The message has been taken, and is not answered.
  void Next();

 private:
  bool busy_ = false;  // with a message
  bool all_sent_ = false;
};

}  // namespace dnc
