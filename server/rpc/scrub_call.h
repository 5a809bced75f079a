// Scrub: a batch in one request, from the bytes of the request to those of the answer, on the
// caller's loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "dnc/v1/scrub_service.pb.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/scrub_handler.h"
#include "server/rpc/served_call.h"
#include "server/service/authorizer.h"
#include "server/wire/event_loop.h"
#include "server/wire/message_buffer.h"

namespace dnc {

// RESOURCE_EXHAUSTED, LIMIT_REACHED with the time after which to try again: no room for a scrub.
absl::Status Crowded();

// Decides who may ask, and whether there is room, before it looks at the numbers. It waits for its
// turn on the loop, so that the loop first takes in what has arrived. A long batch may be computed
// on another loop. From there it answers as from any thread, and it counts there at the gate.
class ScrubCall final : public OneRequestCall, public EventLoop::Job {
 public:
  ScrubCall(const RpcContext& rpc, ScrubHandler* handler, CallPtr call)
      : OneRequestCall(rpc, Method::kScrub, std::move(call)),
        handler_(*handler),
        loop_(this->call().loop()) {}

  void OnMessageBegun(size_t size, std::string_view first, bool compressed) override;
  void RunJob() override;
  void OnGivenAway() override;
  void OnTaken(EventLoop* by) override;

 private:
  void OnRequest() override;
  // How many numbers are charged at once of a request that has `bytes` and begins with `first`.
  static size_t CountToCharge(size_t bytes, std::string_view first);
  // Takes the call in, whose request has `bytes` and begins with `first`. False: it is refused,
  // and the answer is on its way.
  bool TakeIn(size_t bytes, std::string_view first);
  // Answers the request of an admitted call, which is expanded.
  void AnswerBytes();
  // Reads the request by protobuf, for whatever ScrubColumns does not tell.
  void AnswerMessage();
  void AnswerOnWorker(const std::shared_ptr<v1::ScrubRequest>& request);
  void AnswerRequest(const v1::ScrubRequest& request);
  absl::Status Scrub(const v1::ScrubRequest& request, MessageBuffer* answer);
  // Each ends the call, which gives its places away before.
  void Succeed(MessageBuffer answer);
  void Fail(const absl::Status& status);
  // The same for a refusal, as whoever is above a limit gets many of.
  void Deny(const absl::Status& status);
  void LeaveGate();
  void Leave();

  ScrubHandler& handler_;
  Caller caller_;
  Admission admission_;
  size_t charged_ = 0;  // numbers
  int64_t cost_ = 0;    // at the gate; 0 once the call has left it
  EventLoop* loop_;     // on which it counts there: the connection's, or that has taken it over
};

}  // namespace dnc
