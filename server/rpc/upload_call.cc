#include "server/rpc/upload_call.h"

#include "server/base/str_cat.h"
#include "server/rpc/error_status.h"
#include "server/rpc/translate_registry.h"
#include "server/telemetry/call_timer.h"

namespace dnc {

UploadCall::UploadCall(v1::RegistryService::AsyncService* service, UploadShared* shared,
                       const RpcContext& rpc)
    : Call(rpc),
      GuardedStream(rpc.guard, 2),
      service_(service),
      shared_(shared),
      reader_(&context_) {
  context_.AsyncNotifyWhenDone(on_done_.tag());
}

void UploadCall::Arm(v1::RegistryService::AsyncService* service, UploadShared* shared,
                     const RpcContext& rpc) {
  auto* call = new UploadCall(service, shared, rpc);
  service->RequestUploadRelease(&call->context_, &call->reader_, rpc.queue, rpc.queue,
                                call->on_start_.tag());
}

void UploadCall::OnStart(bool ok) {
  if (!ok) {  // the server stops; OnDone never comes
    delete this;
    return;
  }
  Arm(service_, shared_, rpc());
  if (rpc().stop->stopping()) {
    Finish(Stopping());
    return;
  }
  const absl::StatusOr<Caller> caller = Admit();
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  if (!place_.Take(&shared_->places, caller->key_id)) {
    Finish(LimitReached(StrCat("the server takes ", shared_->places.all(),
                               " uploads at the same time (limits.max_uploads), and ",
                               shared_->places.each(),
                               " of one key (limits.max_key_uploads); repeat this one later")));
    return;
  }
  session_.emplace(shared_->limits, shared_->registry);
  Watch(&context_);
  Read();
}

void UploadCall::Read() {
  BeginRead();
  reader_.Read(&request_, on_read_.tag());
}

absl::StatusOr<Caller> UploadCall::Admit() const {
  return rpc().authorizer->Admit(context_, Permission::kOperate);
}

void UploadCall::OnRead(bool ok) {
  if (!EndWait()) {
    if (LastEvent()) delete this;
    return;
  }
  if (ok) {
    // Not TryPost: to refuse would waste what was sent, and limits.max_uploads bounds these jobs.
    rpc().workers->Post([this] { Store(); });
    return;
  }
  // Either all parts have arrived, or the caller is gone: a read ends the same way for both, and
  // OnDone may come later. To load what a lost caller has sent would publish a release with files
  // missing. Sending tells the two apart: it fails on a call that was closed before the read ended.
  reader_.SendInitialMetadata(on_alive_.tag());
}

void UploadCall::OnAlive(bool ok) {
  if (!ok || gone_.load(std::memory_order_relaxed)) {
    // On a worker too: removing the files takes a while.
    rpc().workers->Post([this] { Finish(CallerGone("the upload broke off; nothing changed")); });
  } else {
    rpc().workers->Post([this] { Complete(); });
  }
}

void UploadCall::Store() {
  absl::Status status = Admit().status();
  if (status.ok()) status = session_->Accept(request_);
  if (status.ok()) {
    Read();
  } else {
    Finish(status);
  }
}

void UploadCall::Complete() {
  if (const absl::Status admitted = Admit().status(); !admitted.ok()) {
    Finish(admitted);
    return;
  }
  absl::StatusOr<LoadInfo> load;
  {
    CallTimer timer(rpc().metrics, Method::kUploadRelease);
    load = session_->Complete();
  }
  if (load.ok()) FillLoad(*load, response_.mutable_load());
  Finish(load.status());
}

void UploadCall::Finish(const absl::Status& status) {
  session_.reset();  // before the answer, so that no file remains when the caller reads it
  rpc().metrics->CountCall(Method::kUploadRelease, status.code());
  if (status.ok()) {
    reader_.Finish(response_, grpc::Status::OK, on_finish_.tag());
  } else {
    reader_.FinishWithError(ToGrpcStatus(status), on_finish_.tag());
  }
}

void UploadCall::OnFinish(bool /*ok*/) {
  if (LastEvent()) delete this;
}

void UploadCall::OnDone(bool /*ok*/) {
  gone_.store(true, std::memory_order_relaxed);
  if (LastEvent()) delete this;
}

}  // namespace dnc
