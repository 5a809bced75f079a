#include "server/rpc/scrub_stream_call.h"

#include <utility>

#include "server/base/status_macros.h"
#include "server/rpc/error_status.h"
#include "server/rpc/revision_wait.h"
#include "server/telemetry/call_timer.h"

namespace dnc {

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
  if (rpc().stop->stopping()) {
    Finish(Stopping());
    return;
  }
  const absl::StatusOr<Caller> caller = rpc().authorizer->Admit(context_, Permission::kScrub);
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
  absl::StatusOr<Caller> caller = rpc().authorizer->Admit(context_, Permission::kScrub);
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
  if (const uint64_t revision = request_.scrub().at_least_revision(); caller_.revision < revision) {
    DNC_RETURN_IF_ERROR(rpc().revisions->Reach(revision, context_, Permission::kScrub, &caller_));
  }
  return handler_->Scrub(caller_, request_.scrub(), response_.mutable_scrub());
}

void ScrubStreamCall::OnWrite(bool ok) {
  if (!EndWait()) {
    Finish(why());
  } else if (ok) {
    Read();
  } else {
    Finish(CallerGone("the caller is gone"));
  }
}

void ScrubStreamCall::Finish(const absl::Status& status) {
  rpc().metrics->CountCall(Method::kScrubStream, status.code());
  stream_.Finish(ToGrpcStatus(status), on_finish_.tag());
}

void ScrubStreamCall::OnFinish(bool /*ok*/) {
  if (LastEvent()) delete this;
}

}  // namespace dnc
