// A request that waits for its answer.
//
//   void Handle(const HttpCallPtr& call) {             // on the connection's loop
//     workers->TryPost([call] { call->Answer(AnswerTo(call->request())); });
//   }
#pragma once

#include <memory>

#include "server/http/http_message.h"
#include "server/wire/event_loop.h"

namespace dnc {

// The request of a call belongs to whoever handles the call, one thread at a time. The other
// functions are thread-safe.
class HttpCall {
 public:
  virtual ~HttpCall() = default;

  // The whole request. A handler may take its body.
  virtual HttpRequest& request() = 0;
  // The loop of the connection, on which long work waits for its turn as a job. Outlives the call.
  virtual EventLoop* loop() const = 0;
  // Nobody listens any more.
  virtual bool gone() const = 0;

  // Ends the call: the first that is called counts. A call that everybody has let go of without an
  // answer is answered as a defect of the server.
  virtual void Answer(HttpAnswer answer) = 0;
  // Closes the connection without an answer. Some callers take whatever comes for an answer, and
  // only this for an error that they try again.
  virtual void Break() = 0;
};

using HttpCallPtr = std::shared_ptr<HttpCall>;

}  // namespace dnc
