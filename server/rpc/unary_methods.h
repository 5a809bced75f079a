// The methods of a service that have one request and one answer.
//
//   methods.Add<v1::GetStatusRequest, v1::GetStatusResponse>(
//       &service, Method::kGetStatus, Permission::kOperate, &Generated::RequestGetStatus,
//       [handler](const Caller&, const auto& in, auto* out) { return handler->GetStatus(out); });
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "server/rpc/rpc_context.h"
#include "server/rpc/unary_call.h"

namespace dnc {

// None of them is fast: each may read the disk. Outlives its calls.
class UnaryMethods {
 public:
  template <class Request, class Response>
  using Handle = std::function<absl::Status(const Caller&, const Request&, Response*)>;

  // `request_method` is a RequestX of the generated service.
  template <class Request, class Response, class Service, class RequestMethod>
  void Add(Service* service, Method name, Permission permission, RequestMethod request_method,
           Handle<Request, Response> handle) {
    auto method = Make<Request, Response>(service, name, permission, request_method);
    method->handle = std::move(handle);
    Keep(std::move(method));
  }

  // For answers that come later, as UnaryMethod::submit.
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
