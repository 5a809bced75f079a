#include "server/rpc/import_call.h"

#include "server/base/str_cat.h"
#include "server/rpc/error_status.h"

namespace dnc {

void ImportCall::Arm(v1::ListService::AsyncService* service, ListHandler* handler,
                     StreamPlaces* places, const RpcContext& rpc) {
  auto* call = new ImportCall(service, handler, places, rpc);
  service->RequestImportNumbers(&call->context_, &call->stream_, rpc.queue, rpc.queue,
                                call->on_start_.tag());
}

void ImportCall::OnStart(bool ok) {
  if (!ok) {  // the server stops
    delete this;
    return;
  }
  Arm(service_, handler_, places_, rpc());
  if (rpc().stop->stopping()) {
    Finish(Stopping());
    return;
  }
  const absl::StatusOr<Caller> caller = rpc().authorizer->Admit(context_, Permission::kLists);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  Watch(&context_);
  if (!place_.Take(places_, caller->tenant->tenant.number)) {
    Finish(LimitReached(StrCat("a tenant has at most ", places_->each(),
                               " imports under way; wait until one has ended")));
    return;
  }
  Read();
}

void ImportCall::Read() {
  BeginRead();
  stream_.Read(&request_, on_read_.tag());
}

void ImportCall::OnRead(bool ok) {
  if (!EndWait()) {
    if (LastEvent()) delete this;
    return;
  }
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
  rpc().workers->Post([this] { Store(); });
}

void ImportCall::Store() {
  // Anew for each part: a key that was revoked meanwhile ends the stream.
  const absl::StatusOr<Caller> caller = rpc().authorizer->Admit(context_, Permission::kLists);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  response_.Clear();
  handler_->Import(*caller, list_id_, request_, &response_, [this](const absl::Status& status) {
    if (status.ok()) {
      BeginWrite();
      stream_.Write(response_, on_write_.tag());
    } else {
      Finish(status);
    }
  });
}

void ImportCall::OnWrite(bool ok) {
  if (!EndWait()) {
    Finish(why());
  } else if (ok) {
    Read();
  } else {
    Finish(CallerGone("the caller is gone"));
  }
}

void ImportCall::Finish(const absl::Status& status) {
  rpc().metrics->CountCall(Method::kImportNumbers, status.code());
  stream_.Finish(ToGrpcStatus(status), on_finish_.tag());
}

void ImportCall::OnFinish(bool /*ok*/) {
  if (LastEvent()) delete this;
}

}  // namespace dnc
