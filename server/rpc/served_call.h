// What the calls of all methods have in common, on the transport of our own.
//
//   ServedCall         any call: who calls, the end, the count of it
//    |- ScrubCall        on the caller's loop
//    '- WorkerCall     may leave its loop, for a worker, a committer or the waker
//        |- OneRequestCall   one message, and then the answer or a stream of them
//        |   |- UnaryCall, ExportCall
//        |   '- WokenStream    tells news as it comes
//        '- TurnStream       message by message, each answered before the next
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

// Reads a message, which is expanded first if it came compressed. Errors: LIMIT_REACHED for one of
// more than `max_bytes`, MALFORMED_CALL for bytes that are no such message.
absl::Status ReadMessage(ReceivedMessage* message, size_t max_bytes,
                         google::protobuf::MessageLite* out);

class ServedCall : public CallHandler, public std::enable_shared_from_this<ServedCall> {
 public:
  ServedCall(const ServedCall&) = delete;
  ServedCall& operator=(const ServedCall&) = delete;
  ~ServedCall() override;

  void OnCancel(CallEnd why) override;

 protected:
  ServedCall(const RpcContext& rpc, Method method, CallPtr call)
      : rpc_(rpc), method_(method), call_(std::move(call)) {}

  const RpcContext& rpc() const { return rpc_; }
  Method method() const { return method_; }
  GrpcStream& call() const { return *call_; }
  // Nobody listens any more.
  bool gone() const { return call_->cancelled(); }

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
  void Finish(absl::StatusCode code, const GrpcStatus& status);  // of which the bytes are there

  template <class Derived>
  std::shared_ptr<Derived> Self(Derived* self) {
    return {shared_from_this(), self};
  }

 private:
  // Nobody listens any more: called on the loop, at most once.
  virtual void OnGone() {}
  // Whether this was the first; it is counted.
  bool End(absl::StatusCode code);

  const RpcContext& rpc_;
  const Method method_;
  const CallPtr call_;
  std::atomic<bool> ended_{false};
  bool gone_told_ = false;
};

// The server waits for such calls at its end; they are counted until all else of them is gone.
class WorkerCall : private LiveCall, public ServedCall {
 protected:
  WorkerCall(const RpcContext& rpc, Method method, CallPtr call)
      : LiveCall(rpc.live), ServedCall(rpc, method, std::move(call)) {}

  // Runs `task` on the call's loop.
  void OnLoop(std::function<void()> task);
};

// A call whose caller sends one message.
class OneRequestCall : public WorkerCall {
 public:
  void OnMessage(ReceivedMessage message) final;
  void OnEnd() final;

 protected:
  using WorkerCall::WorkerCall;

  // The message has come, and is read by ReadRequest. Called on the loop.
  virtual void OnRequest() = 0;
  // Of at most `max_bytes`; the bytes are let go.
  absl::Status ReadRequest(size_t max_bytes, google::protobuf::MessageLite* out);

 private:
  ReceivedMessage message_;
  bool has_message_ = false;
};

// A stream of messages from the caller, each of which is answered or stored before the next is
// taken: so a slow reader slows the writer. Next and the virtual functions run on the loop.
class TurnStream : public WorkerCall {
 public:
  // Called when the call has been accepted: the caller is admitted, or the stream ends here.
  void Begin();
  void OnMessage(ReceivedMessage message) final;
  void OnEnd() final;
  void OnWritten() final { Next(); }

 protected:
  using WorkerCall::WorkerCall;

  // Whether the stream may begin.
  virtual absl::Status Admitted() = 0;
  // Takes a message: Write, Next or Finish follows, from any thread.
  virtual void Take(ReceivedMessage message) = 0;
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
