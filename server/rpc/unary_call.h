// A call with one request and one answer.
#pragma once

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/async_unary_call.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/error_status.h"
#include "server/rpc/revision_wait.h"
#include "server/rpc/rpc_context.h"
#include "server/telemetry/call_timer.h"
#include "server/telemetry/metrics.h"

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
  // Answers. Called on a queue or worker thread, many at once.
  std::function<absl::Status(const Caller&, const Request&, Response*)> handle;
  // Whether the request is answered fast and without waiting, on the queue's thread. Null: never.
  std::function<bool(const Request&)> is_fast = nullptr;
  // In place of `handle`, for answers that come later: `done` is called once, on any thread, when
  // the response is filled. Called on a queue or worker thread; request and response live until
  // then.
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
    absl::StatusOr<Caller> caller = rpc().authorizer->Admit(context_, method_.permission);
    if (!caller.ok()) {
      Finish(caller.status());
      return;
    }
    caller_ = *std::move(caller);
    if (method_.submit != nullptr) {
      // Not TryPost: writes are not refused because others wait, and their number is bounded where
      // they are submitted.
      rpc().workers->Post([this] {
        method_.submit(caller_, request_, &response_,
                       [this](const absl::Status& status) { Finish(status); });
      });
    } else if (method_.is_fast != nullptr && method_.is_fast(request_)) {
      Answer();
    } else if (!rpc().workers->TryPost([this] { Answer(); })) {
      Finish(LimitReached("too many calls are waiting; retry in a moment"));
    }
  }

  void OnFinish(bool /*ok*/) { delete this; }

  void Refuse() override { Finish(Stopping()); }

  void Answer() {
    if (DeadlineOf(context_) <
        absl::Now()) {  // waited too long for a worker: nobody listens any more
      Finish(DeadlinePassed());
      return;
    }
    absl::Status status;
    {
      CallTimer timer(rpc().metrics, method_.name);
      status = ReachRevision();
      if (status.ok()) status = method_.handle(caller_, request_, &response_);
    }
    Finish(status);
  }

  absl::Status ReachRevision() {
    if (method_.at_least_revision == nullptr) return absl::OkStatus();
    const uint64_t revision = method_.at_least_revision(request_);
    if (caller_.revision >= revision) return absl::OkStatus();
    return rpc().revisions->Reach(revision, context_, method_.permission, &caller_);
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

}  // namespace dnc
