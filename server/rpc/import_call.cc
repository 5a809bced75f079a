#include "server/rpc/import_call.h"

#include "server/rpc/error_status.h"

namespace dnc {

void ImportCall::Arm(v1::ListService::AsyncService* service, ListHandler* handler,
                     const CallSite& site) {
  auto* call = new ImportCall(service, handler, site);
  service->RequestImportNumbers(&call->context_, &call->stream_, site.queue, site.queue,
                                call->on_start_.tag());
}

void ImportCall::OnStart(bool ok) {
  if (!ok) {  // the server stops
    delete this;
    return;
  }
  Arm(service_, handler_, site());
  const absl::StatusOr<Caller> caller = site().gatekeeper->Admit(context_, Access::kLists);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  stream_.Read(&request_, on_read_.tag());
}

void ImportCall::OnRead(bool ok) {
  if (!ok) {  // the caller has sent all, or is gone
    Finish(absl::OkStatus());
    return;
  }
  if (!begun_) {
    list_id_ = request_.list_id().empty() ? kDefaultListId : request_.list_id();
  } else if (!request_.list_id().empty() && request_.list_id() != list_id_) {
    // An opt-out that is meant for one list must not become a consent of another.
    Finish(InvalidRequest(
        "`list_id` differs from that of the first part; end this import, and begin another one "
        "for the other list. The parts that were answered are stored"));
    return;
  }
  begun_ = true;
  // Writes are not refused because scrubs wait, and a stream has one part under way.
  site().workers->Post([this] { Store(); });
}

void ImportCall::Store() {
  // Anew for each part: a key that was revoked meanwhile ends the stream.
  const absl::StatusOr<Caller> caller = site().gatekeeper->Admit(context_, Access::kLists);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  response_.Clear();
  handler_->Import(*caller, list_id_, request_, &response_, [this](const absl::Status& status) {
    if (status.ok()) {
      stream_.Write(response_, on_write_.tag());
    } else {
      Finish(status);
    }
  });
}

void ImportCall::OnWrite(bool ok) {
  if (ok) {
    stream_.Read(&request_, on_read_.tag());
  } else {
    Finish(CallerGone("the caller is gone"));
  }
}

void ImportCall::Finish(const absl::Status& status) {
  site().metrics->CountCall(Method::kImportNumbers, status.code());
  stream_.Finish(ToGrpcStatus(status), on_finish_.tag());
}

void ImportCall::OnFinish(bool /*ok*/) { delete this; }

}  // namespace dnc
