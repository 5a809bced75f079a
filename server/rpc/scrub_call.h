// Scrub: a batch in one request, from the bytes of the request to those of the answer. What both
// transports have in common: they bring the bytes, and carry the answer away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "dnc/v1/scrub_service.pb.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/scrub_handler.h"
#include "server/service/authorizer.h"
#include "server/wire/message_buffer.h"

namespace dnc {

// Decides who may ask, and whether there is room, before it looks at the numbers.
class ScrubCall : public Call {
 public:
  // Where the numbers begin in whatever a client sends that names a scope of some length.
  static constexpr size_t kPeekBytes = 128;

 protected:
  ScrubCall(ScrubHandler* handler, const RpcContext& rpc) : Call(rpc), handler_(*handler) {}
  ~ScrubCall() override = default;

  // Takes the call in, whose request has `bytes` and begins with `first` (kPeekBytes of it, or
  // all). False: it is refused, and the answer is on its way.
  bool Admit(size_t bytes, std::string_view first);
  // Answers the request of an admitted call. `bytes` are read before this returns.
  void Answer(std::string_view bytes);
  // Sends the error, once; the call gives its place away.
  void Fail(const absl::Status& status);
  // Refuses for want of room.
  void FailCrowded();
  // Says of the request what gRPC says of bytes that are no message of the method's.
  void FailNotAMessage();
  // Gives the place at the gate away.
  void LeaveGate();

 private:
  // The transport's part.
  virtual Credentials GetCredentials() const = 0;
  virtual absl::Time Deadline() const = 0;
  // The loop on which the call waits for its turn; null on the threads of gRPC.
  virtual EventLoop* Loop() const { return nullptr; }
  virtual void SendAnswer(MessageBuffer answer) = 0;
  virtual void SendError(const absl::Status& status) = 0;
  // As SendError(Crowded()), for which a transport may have the bytes already.
  virtual void SendCrowded() = 0;
  virtual void SendNotAMessage() = 0;
  // Sends the refusal of a call that belongs to a flood.
  virtual void SendFloodRefusal(const absl::Status& status) = 0;
  // Keeps the call alive as long as it lives.
  virtual std::shared_ptr<void> Keeper() = 0;

  // Reads the request by protobuf, for whatever ScrubColumns does not tell.
  void AnswerMessage(std::string_view bytes);
  void AnswerOnWorker(std::shared_ptr<v1::ScrubRequest> request);
  void AnswerRequest(const v1::ScrubRequest& request);
  absl::Status Scrub(const v1::ScrubRequest& request, MessageBuffer* answer);
  void Succeed(MessageBuffer answer);
  // The call is over: it gives its places away, and is counted.
  void Leave(absl::StatusCode code);

  ScrubHandler& handler_;
  Caller caller_;
  Admission admission_;
  size_t charged_ = 0;  // numbers
  int64_t cost_ = 0;    // at the gate; 0 once the call has left it
};

// The refusal of a server that has enough to do.
absl::Status Crowded();

}  // namespace dnc
