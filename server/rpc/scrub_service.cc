#include "server/rpc/scrub_service.h"

#include <utility>

#include "server/base/call_timer.h"
#include "server/base/status_macros.h"
#include "server/rpc/error_status.h"
#include "server/rpc/streams.h"

namespace dnc {
namespace {

// ScrubStream: batches in, answers out, one batch at a time.
//
// Reads a batch when the answer before is written, so that a slow reader slows the writer. It takes
// no place from others, so a caller may keep it open and quiet. Deletes itself when the stream has
// ended.
class ScrubStreamCall final : public Call, private QueueWork, private GuardedStream {
 public:
  // Waits for a caller. All that is given must outlive the call.
  static void Arm(ScrubServiceBase* service, ScrubHandler* handler, const RpcContext& rpc);

 private:
  ScrubStreamCall(ScrubServiceBase* service, ScrubHandler* handler, const RpcContext& rpc)
      : Call(rpc),
        GuardedStream(rpc.guard, 1, Silence::kAllowed),
        service_(service),
        handler_(handler),
        stream_(&context_) {}

  void OnStart(bool ok);
  void OnRead(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);

  void Work(bool /*waited*/) override { Answer(); }
  void Answer();
  absl::Status Scrub();
  void Read();
  void EndRead(const absl::Status& status) override { Finish(status); }
  void Finish(const absl::Status& status);

  ScrubServiceBase* const service_;
  ScrubHandler* const handler_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<v1::ScrubStreamResponse, v1::ScrubStreamRequest> stream_;
  v1::ScrubStreamRequest request_;
  Caller caller_;  // of the batch
  v1::ScrubStreamResponse response_;
  MemberEvent<ScrubStreamCall, &ScrubStreamCall::OnStart> on_start_{this};
  MemberEvent<ScrubStreamCall, &ScrubStreamCall::OnRead> on_read_{this};
  MemberEvent<ScrubStreamCall, &ScrubStreamCall::OnWrite> on_write_{this};
  MemberEvent<ScrubStreamCall, &ScrubStreamCall::OnFinish> on_finish_{this};
};

void ScrubStreamCall::Arm(ScrubServiceBase* service, ScrubHandler* handler, const RpcContext& rpc) {
  auto* call = new ScrubStreamCall(service, handler, rpc);
  service->RequestScrubStream(&call->context_, &call->stream_, rpc.queue, rpc.queue,
                              call->on_start_.tag());
}

void ScrubStreamCall::OnStart(bool ok) {
  if (!ok) {  // the server stops
    delete this;
    return;
  }
  Arm(service_, handler_, rpc());
  const absl::StatusOr<Caller> caller = AdmitNewCaller(context_, Permission::kScrub);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  Watch(&context_);
  Read();
}

void ScrubStreamCall::Read() {
  BeginRead();
  stream_.Read(&request_, on_read_.tag());
}

void ScrubStreamCall::OnRead(bool ok) {
  if (!EndWait()) {
    if (LastEvent()) delete this;
    return;
  }
  if (!ok) {  // the caller has sent all, or is gone
    Finish(absl::OkStatus());
    return;
  }
  // Anew for each batch: a key that was revoked meanwhile ends the stream.
  absl::StatusOr<Caller> caller = AdmitCaller(context_, Permission::kScrub);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  caller_ = *std::move(caller);
  if (ScrubHandler::IsFast(caller_, request_.scrub())) {
    rpc().calls->Submit(this);
  } else if (!rpc().workers->TryPost([this] { Answer(); })) {
    Finish(LimitReached("too many calls are waiting; send the rest of the numbers again later"));
  }
}

void ScrubStreamCall::Answer() {
  response_.Clear();
  absl::Status status;
  {
    CallTimer timer(rpc().metrics, Method::kScrubStream);
    status = Scrub();
  }
  if (status.ok()) {
    BeginWrite();
    stream_.Write(response_, on_write_.tag());
  } else {
    Finish(status);
  }
}

absl::Status ScrubStreamCall::Scrub() {
  DNC_RETURN_IF_ERROR(
      ReachRevision(request_.scrub().at_least_revision(), context_, Permission::kScrub, &caller_));
  return handler_->Scrub(caller_, request_.scrub(), response_.mutable_scrub());
}

void ScrubStreamCall::OnWrite(bool ok) {
  if (!EndWait()) {
    Finish(why());
  } else if (ok) {
    Read();
  } else {
    Finish(CallerGone());
  }
}

void ScrubStreamCall::Finish(const absl::Status& status) {
  rpc().metrics->CountCall(Method::kScrubStream, status.code());
  stream_.Finish(ToGrpcStatus(status), on_finish_.tag());
}

void ScrubStreamCall::OnFinish(bool /*ok*/) {
  if (LastEvent()) delete this;
}

}  // namespace

ScrubService::ScrubService(ScrubHandler* handler)
    : handler_(handler),
      scrub_{&service_, handler},
      check_number_{Method::kCheckNumber,
                    [this](auto* context, auto* request, auto* writer, auto* queue, void* tag) {
                      service_.RequestCheckNumber(context, request, writer, queue, queue, tag);
                    },
                    Permission::kScrub,
                    [handler](const Caller& caller, const auto& request, auto* response) {
                      return handler->CheckNumber(caller, request, response);
                    }} {
  check_number_.at_least_revision = [](const auto& request) { return request.at_least_revision(); };
}

void ScrubService::Arm(const RpcContext& rpc, int calls) {
  for (int i = 0; i < calls; ++i) {
    GrpcScrubCall::Arm(scrub_, rpc);
    UnaryCall<v1::CheckNumberRequest, v1::CheckNumberResponse>::Arm(check_number_, rpc);
    ScrubStreamCall::Arm(&service_, handler_, rpc);
  }
}

}  // namespace dnc
