// Calls with one request and one answer, and the methods of a service that have such calls.
//
//   methods.Add<v1::GetStatusRequest, v1::GetStatusResponse>(
//       &service, Method::kGetStatus, Permission::kOperate, &Generated::RequestGetStatus,
//       [admin](const Caller&, const auto& in, auto* out) { ... return absl::OkStatus(); });
//   methods.Arm(rpc);  // a call of each method waits for a caller
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/async_unary_call.h"
#include "server/base/call_timer.h"
#include "server/base/metrics.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/error_status.h"
#include "server/rpc/rpc_context.h"
#include "server/service/authorizer.h"

namespace dnc {

// A method of a service; outlives its calls.
template <class Request, class Response>
struct UnaryMethod {
  using Writer = grpc::ServerAsyncResponseWriter<Response>;

  Method name;
  // Asks gRPC for the next call: service.RequestX(context, request, writer, queue, queue, tag).
  std::function<void(grpc::ServerContext*, Request*, Writer*, grpc::ServerCompletionQueue*, void*)>
      arm;
  Permission permission;
  // Answers. Called on a worker's thread, many at once.
  std::function<absl::Status(const Caller&, const Request&, Response*)> handle;
  // `handle` is quick and never waits, so it runs on the queue's thread, also while all workers are
  // busy.
  bool on_queue = false;
  // Takes the place of `handle` for answers that come later: `done` is called once, on any thread,
  // when the response is filled. Called on a worker's thread; request and response live until then.
  std::function<void(const Caller&, const Request&, Response*,
                     std::function<void(absl::Status)> done)>
      submit = nullptr;
  // The revision that the caller must be of for `handle`; null: any.
  std::function<uint64_t(const Request&)> at_least_revision = nullptr;
};

// Deletes itself when the answer has gone out.
template <class Request, class Response>
class UnaryCall final : public Call, private HeldRefusal {
 public:
  using MethodType = UnaryMethod<Request, Response>;

  // Waits for a caller.
  static void Arm(const MethodType& method, const RpcContext& rpc) {
    auto* call = new UnaryCall(method, rpc);
    method.arm(&call->context_, &call->request_, &call->writer_, rpc.queue, call->on_start_.tag());
  }

 private:
  UnaryCall(const MethodType& method, const RpcContext& rpc)
      : Call(rpc), method_(method), writer_(&context_) {}

  void OnStart(bool ok) {
    if (!ok) {  // the server stops
      delete this;
      return;
    }
    Arm(method_, rpc());
    // Whether a server that stops still serves is answered by its health service.
    if (rpc().stop->stopping() && method_.permission != Permission::kOpen) {
      rpc().stop->Refuse(this);
      return;
    }
    absl::StatusOr<Caller> caller = AdmitCaller(context_, method_.permission);
    if (!caller.ok()) {
      Finish(caller.status());
      return;
    }
    caller_ = *std::move(caller);
    if (method_.submit != nullptr) {
      // Writes are not refused (TryPost) because others wait, and their number is bounded where
      // they are submitted.
      rpc().workers->Post([this] {
        method_.submit(caller_, request_, &response_,
                       [this](const absl::Status& status) { Finish(status); });
      });
    } else if (method_.on_queue) {
      Answer();
    } else if (!rpc().workers->TryPost([this] { Answer(); })) {
      Finish(TooManyCallsWait());
    }
  }

  void OnFinish(bool /*ok*/) { delete this; }

  void Refuse() override { Finish(Stopping()); }

  void Answer() {
    // Whoever has waited too long for a worker does not listen any more.
    if (DeadlineOf(context_) < absl::Now()) {
      Finish(DeadlinePassed());
      return;
    }
    absl::Status status;
    {
      CallTimer timer(rpc().metrics, method_.name);
      if (method_.at_least_revision != nullptr) {
        status = ReachRevision(method_.at_least_revision(request_), context_, method_.permission,
                               &caller_);
      }
      if (status.ok()) status = method_.handle(caller_, request_, &response_);
    }
    Finish(status);
  }

  void Finish(const absl::Status& status) {
    rpc().metrics->CountCall(method_.name, status.code());
    if (status.ok()) {
      writer_.Finish(response_, grpc::Status::OK, on_finish_.tag());
    } else {
      writer_.FinishWithError(ToGrpcStatus(status), on_finish_.tag());
    }
  }

  const MethodType& method_;
  grpc::ServerContext context_;
  Request request_;
  Caller caller_;
  Response response_;
  typename MethodType::Writer writer_;
  MemberEvent<UnaryCall, &UnaryCall::OnStart> on_start_{this};
  MemberEvent<UnaryCall, &UnaryCall::OnFinish> on_finish_{this};
};

// The methods of a service that have one request and one answer. Outlives its calls.
class UnaryMethods {
 public:
  template <class Request, class Response>
  using Handle = std::function<absl::Status(const Caller&, const Request&, Response*)>;

  // `request_method` is a RequestX of the generated service. `handle` may read the disk.
  template <class Request, class Response, class Service, class RequestMethod>
  void Add(Service* service, Method name, Permission permission, RequestMethod request_method,
           Handle<Request, Response> handle) {
    auto method = Make<Request, Response>(service, name, permission, request_method);
    method->handle = std::move(handle);
    Keep(std::move(method));
  }

  // Adds a method whose answers are quick and never wait: UnaryMethod::on_queue.
  template <class Request, class Response, class Service, class RequestMethod>
  void AddOnQueue(Service* service, Method name, Permission permission,
                  RequestMethod request_method, Handle<Request, Response> handle) {
    auto method = Make<Request, Response>(service, name, permission, request_method);
    method->handle = std::move(handle);
    method->on_queue = true;
    Keep(std::move(method));
  }

  // Adds a method whose answers come later: UnaryMethod::submit.
  template <class Request, class Response, class Service, class RequestMethod, class Submit>
  void AddSubmit(Service* service, Method name, Permission permission, RequestMethod request_method,
                 Submit submit) {
    auto method = Make<Request, Response>(service, name, permission, request_method);
    method->submit = std::move(submit);
    Keep(std::move(method));
  }

  // Lets a call of each method wait for a caller.
  void Arm(const RpcContext& rpc) const {
    for (const auto& arm : arm_) arm(rpc);
  }

 private:
  template <class Request, class Response, class Service, class RequestMethod>
  static std::shared_ptr<UnaryMethod<Request, Response>> Make(Service* service, Method name,
                                                              Permission permission,
                                                              RequestMethod request_method) {
    auto method = std::make_shared<UnaryMethod<Request, Response>>();
    method->name = name;
    method->permission = permission;
    method->arm = [service, request_method](auto* context, auto* request, auto* writer, auto* queue,
                                            void* tag) {
      (service->*request_method)(context, request, writer, queue, queue, tag);
    };
    return method;
  }

  template <class Request, class Response>
  void Keep(std::shared_ptr<UnaryMethod<Request, Response>> method) {
    arm_.push_back([method = std::move(method)](const RpcContext& rpc) {
      UnaryCall<Request, Response>::Arm(*method, rpc);
    });
  }

  std::vector<std::function<void(const RpcContext&)>> arm_;
};

}  // namespace dnc
