// Runs a method of the contract for a call that came by HTTP, as gRPC would: with the same checks,
// in the same turns, counted the same.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "server/http/http_call.h"
#include "server/http/http_context.h"
#include "server/rpc/method_table.h"

namespace dnc {

struct MethodRun {
  const UnaryHandler* method = nullptr;  // outlives the call
  // Fills the request from the call, on the loop or on a worker. Its error is the answer.
  std::function<absl::Status(HttpRequest& call, google::protobuf::Message* request)> read;
  // Looks whether the method may run at all, on its worker, with the caller who was admitted. Its
  // error is the answer, and the method does not run. Null: nothing is to be looked at. Methods
  // that may be answered on their loop can't have it.
  std::function<absl::Status(const Caller& caller, const google::protobuf::Message& request)>
      before;
  // Makes the answer, of an error too, where `response` is not filled.
  std::function<HttpAnswer(const absl::Status& status, const google::protobuf::Message& response)>
      tell;
};

// Answers the call, on any thread. Called on its loop; `context` outlives the call. A scrub that
// finds no room is Crowded; a call whose caller is gone meanwhile is not done, if it has not begun.
void RunMethod(const HttpContext* context, MethodRun run, const HttpCallPtr& call);

}  // namespace dnc
