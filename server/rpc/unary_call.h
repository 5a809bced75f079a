// Methods with one request and one answer.
//
//   AddUnary<v1::GetStatusRequest, v1::GetStatusResponse>(
//       table, "/dnc.v1.RegistryService/GetStatus", Method::kGetStatus, Permission::kOperate,
//       [admin](const Caller&, const auto& in, auto* out) { ... return absl::OkStatus(); });
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "server/base/call_timer.h"
#include "server/rpc/method_table.h"
#include "server/rpc/scrub_wire.h"
#include "server/rpc/served_call.h"
#include "server/service/authorizer.h"
#include "server/service/request_errors.h"

namespace dnc {

// A method; outlives its calls.
template <class Request, class Response>
struct UnaryMethod {
  Method name;
  Permission permission;
  // Answers. Called on a worker's thread, many at once.
  std::function<absl::Status(const Caller&, const Request&, Response*)> handle;
  // `handle` is quick and never waits, so it runs on the call's loop, also while all workers are
  // busy.
  bool on_loop = false;
  // Takes the place of `handle` for answers that come later: `done` is called once, on any thread,
  // when the response is filled. Called on a worker's thread; request and response live until then.
  std::function<void(const Caller&, const Request&, Response*,
                     std::function<void(absl::Status)> done)>
      submit = nullptr;
  // The revision that the caller must be of for `handle`; null: any.
  std::function<uint64_t(const Request&)> at_least_revision = nullptr;
};

template <class Request, class Response>
class UnaryCall final : public OneRequestCall {
 public:
  using MethodType = UnaryMethod<Request, Response>;

  UnaryCall(const RpcContext& rpc, const MethodType& method, CallPtr call)
      : OneRequestCall(rpc, method.name, std::move(call)), method_(method) {}

 private:
  void OnRequest() override {
    absl::StatusOr<Caller> caller = Admit(method_.permission);
    if (!caller.ok()) {
      Finish(caller.status());
      return;
    }
    caller_ = *std::move(caller);
    if (method_.on_loop) {
      Run();
      return;
    }
    call().WatchDeadline();
    if (method_.submit != nullptr) {
      // Writes are not refused (TryPost) because others wait, and their number is bounded where
      // they are submitted.
      rpc().workers->Post([self = Self(this)] { self->Run(); });
    } else if (!rpc().workers->TryPost([self = Self(this)] { self->Run(); })) {
      Finish(TooManyCallsWait());
    }
  }

  void Run() {
    // Whoever has waited too long for a worker does not listen any more.
    if (const absl::Status wanted = StillWanted(); !wanted.ok()) {
      Finish(wanted);
    } else if (const absl::Status read = ReadMessage(MaxBytes(), &request_); !read.ok()) {
      Finish(read);
    } else if (method_.submit != nullptr) {
      method_.submit(caller_, request_, &response_,
                     [self = Self(this)](const absl::Status& status) { self->Reply(status); });
    } else {
      Reply(Handle());
    }
  }

  size_t MaxBytes() const {
    return method_.permission == Permission::kOpen ? kMaxSmallBytes : rpc().max_message;
  }

  absl::Status Handle() {
    CallTimer timer(rpc().metrics, method_.name);
    if (method_.at_least_revision != nullptr) {
      const absl::Status reached =
          ReachRevision(method_.at_least_revision(request_), method_.permission, &caller_);
      if (!reached.ok()) return reached;
    }
    return method_.handle(caller_, request_, &response_);
  }

  void Reply(const absl::Status& status) {
    if (status.ok()) {
      Answer(ToMessageBuffer(response_));
    } else {
      Finish(status);
    }
  }

  const MethodType& method_;
  Request request_;
  Caller caller_;
  Response response_;
};

// The method without the types of its messages.
template <class Request, class Response>
UnaryHandler HandlerOf(const UnaryMethod<Request, Response>& method) {
  using google::protobuf::Message;
  UnaryHandler handler;
  handler.name = method.name;
  handler.permission = method.permission;
  handler.request = &Request::default_instance();
  handler.response = &Response::default_instance();
  handler.on_loop = method.on_loop;
  if (method.handle != nullptr) {
    handler.handle = [handle = method.handle](const Caller& caller, const Message& in,
                                              Message* out) {
      return handle(caller, static_cast<const Request&>(in), static_cast<Response*>(out));
    };
  }
  if (method.submit != nullptr) {
    handler.submit = [submit = method.submit](const Caller& caller, const Message& in, Message* out,
                                              std::function<void(absl::Status)> done) {
      submit(caller, static_cast<const Request&>(in), static_cast<Response*>(out), std::move(done));
    };
  }
  if (method.at_least_revision != nullptr) {
    handler.at_least_revision = [revision = method.at_least_revision](const Message& in) {
      return revision(static_cast<const Request&>(in));
    };
  }
  return handler;
}

// Adds the method to the table.
template <class Request, class Response>
void AddUnary(MethodTable* table, std::string_view path, UnaryMethod<Request, Response> method) {
  const Permission permission = method.permission;
  table->AddUnary(path, HandlerOf(method));
  table->Add(path, MethodTable::Requests::kOne, permission,
             [method = std::move(method)](const RpcContext& rpc, CallPtr call) {
               return std::make_shared<UnaryCall<Request, Response>>(rpc, method, std::move(call));
             });
}

// Adds a method that answers on a worker's thread.
template <class Request, class Response>
void AddUnary(MethodTable* table, std::string_view path, Method name, Permission permission,
              decltype(UnaryMethod<Request, Response>::handle) handle) {
  AddUnary<Request, Response>(table, path, {name, permission, std::move(handle)});
}

}  // namespace dnc
