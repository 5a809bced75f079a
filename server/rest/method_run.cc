#include "server/rest/method_run.h"

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "server/base/call_timer.h"
#include "server/base/check.h"
#include "server/base/status_macros.h"
#include "server/http/problem.h"
#include "server/rpc/scrub_call.h"
#include "server/rpc/served_call.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {

// One call. It is on its loop, or on a worker, or with whoever has a write to do, one at a time.
//
//   loop:  Start --- admitted ---> [turn] --- small scrub ---> answered
//                        |            '---- not fast --.
//                        '-- all else -----------------'--> worker: read, answered
class RunningMethod final : public EventLoop::Job,
                            public std::enable_shared_from_this<RunningMethod> {
 public:
  RunningMethod(const HttpContext* context, MethodRun run, HttpCallPtr call)
      : live_(context->shared->live),
        http_(*context),
        rpc_(*context->shared),
        run_(std::move(run)),
        method_(*run_.method),
        call_(std::move(call)),
        request_(method_.request->New()),
        response_(method_.response->New()) {}
  ~RunningMethod() override { Count(absl::StatusCode::kCancelled); }
  RunningMethod(const RunningMethod&) = delete;
  RunningMethod& operator=(const RunningMethod&) = delete;

  void Start();
  void RunJob() override;

 private:
  absl::Status TakeIn();
  // Goes on with a worker.
  void Move();
  void RunOnWorker();
  absl::Status ReadOnce();
  absl::Status Before() const {
    return run_.before == nullptr ? absl::OkStatus() : run_.before(caller_, *request_);
  }
  absl::Status Handle();
  void Reply(const absl::Status& status);
  void LeaveGate() {
    if (cost_ > 0) rpc_.gate->Leave(std::exchange(cost_, 0), call_->loop());
  }
  void Count(absl::StatusCode code) {
    if (!std::exchange(counted_, true)) rpc_.metrics->CountCall(method_.name, code);
  }

  const LiveCall live_;  // counts until the rest is gone
  const HttpContext& http_;
  const RpcContext& rpc_;
  const MethodRun run_;
  const UnaryHandler& method_;
  const HttpCallPtr call_;
  const std::unique_ptr<google::protobuf::Message> request_;
  const std::unique_ptr<google::protobuf::Message> response_;
  Caller caller_;
  int64_t cost_ = 0;  // at the gate; 0 once the call has left it
  bool read_ = false;
  bool counted_ = false;
};

absl::Status RunningMethod::TakeIn() {
  if (method_.weighed) {
    const int64_t cost = rpc_.gate->CostOf(call_->request().body.size());
    if (!rpc_.gate->TryEnter(cost, call_->loop())) return Crowded();
    cost_ = cost;
  }
  DNC_ASSIGN_OR_RETURN(caller_,
                       http_.access->Admit(call_->request(), std::nullopt, method_.permission));
  return absl::OkStatus();
}

void RunningMethod::Start() {
  if (const absl::Status taken = TakeIn(); !taken.ok()) {
    Reply(taken);
  } else if (method_.on_loop) {
    RunOnWorker();
  } else if (method_.weighed && call_->request().body.size() <= kMaxSmallBytes) {
    call_->loop()->Submit(shared_from_this());
  } else {
    // To read much JSON takes long, and the loop serves others.
    Move();
  }
}

void RunningMethod::RunJob() {
  if (call_->gone()) {
    Reply(CallerGone());
  } else if (const absl::Status read = ReadOnce(); !read.ok()) {
    Reply(read);
  } else if (method_.is_fast(caller_, *request_)) {
    Reply(Handle());
  } else {
    Move();
  }
}

void RunningMethod::Move() {
  if (cost_ > 0) AdmissionControl::MoveAway(std::exchange(cost_, 0), call_->loop());
  auto job = [self = shared_from_this()] { self->RunOnWorker(); };
  if (method_.submit != nullptr) {
    // Writes are bounded where they are submitted.
    rpc_.workers->Post(std::move(job));
  } else if (!rpc_.workers->TryPost(std::move(job))) {
    Reply(TooManyCallsWait());
  }
}

void RunningMethod::RunOnWorker() {
  if (call_->gone()) {
    Reply(CallerGone());
  } else if (const absl::Status read = ReadOnce(); !read.ok()) {
    Reply(read);
  } else if (const absl::Status may = Before(); !may.ok()) {
    Reply(may);
  } else if (method_.submit != nullptr) {
    method_.submit(
        caller_, *request_, response_.get(),
        [self = shared_from_this()](const absl::Status& status) { self->Reply(status); });
  } else {
    Reply(Handle());
  }
}

absl::Status RunningMethod::ReadOnce() {
  if (std::exchange(read_, true)) return absl::OkStatus();
  return run_.read(call_->request(), request_.get());
}

absl::Status RunningMethod::Handle() {
  CallTimer timer(rpc_.metrics, method_.name);
  if (method_.at_least_revision != nullptr) {
    const uint64_t revision = method_.at_least_revision(*request_);
    if (caller_.revision < revision) {
      const HttpRequest& head = call_->request();
      DNC_RETURN_IF_ERROR(rpc_.revisions->Reach(
          revision, absl::InfiniteFuture(),
          {head.Header("authorization"), head.Header("dnc-tenant")}, method_.permission, &caller_));
      // The wait has admitted the caller as gRPC does, to which whoever has no key is the operator.
      DNC_ASSIGN_OR_RETURN(caller_, http_.access->Admit(head, std::nullopt, method_.permission));
    }
  }
  return method_.handle(caller_, *request_, response_.get());
}

void RunningMethod::Reply(const absl::Status& status) {
  LeaveGate();
  Count(status.code());
  call_->Answer(run_.tell(status, *response_));
}

}  // namespace

void RunMethod(const HttpContext* context, MethodRun run, const HttpCallPtr& call) {
  DNC_CHECK(run.before == nullptr || !(run.method->on_loop || run.method->weighed),
            "what is looked at before a method takes a worker");
  std::make_shared<RunningMethod>(context, std::move(run), call)->Start();
}

}  // namespace dnc
