#include "server/rpc/export_call.h"

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/rpc/error_status.h"
#include "server/rpc/translate_list.h"

namespace dnc {
namespace {
constexpr int kRecordsAPart = 2'000;
}  // namespace

void ExportCall::Arm(v1::ListService::AsyncService* service, ListHandler* handler,
                     StreamPlaces* places, const RpcContext& rpc) {
  auto* call = new ExportCall(service, handler, places, rpc);
  service->RequestExportNumbers(&call->context_, &call->request_, &call->stream_, rpc.queue,
                                rpc.queue, call->on_start_.tag());
}

void ExportCall::OnStart(bool ok) {
  if (!ok) {  // the server stops
    delete this;
    return;
  }
  Arm(service_, handler_, places_, rpc());
  if (rpc().stop->stopping()) {
    Finish(Stopping());
    return;
  }
  absl::StatusOr<Caller> caller = rpc().authorizer->Admit(context_, Permission::kRecords);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  Watch(&context_);
  const bool fits = place_.Take(places_, caller->tenant->tenant.number);
  if (!fits || !rpc().workers->TryPost([this, caller = *std::move(caller)] { Run(caller); })) {
    Finish(LimitReached(StrCat("the server makes ", places_->all(), " exports at the same time, ",
                               places_->each(), " of one tenant; repeat this one later")));
  }
}

void ExportCall::Run(const Caller& caller) {
  absl::Status written;
  const absl::StatusOr<uint64_t> revision = handler_->Export(
      caller, request_.list_id(),
      [this](const TenantList& list, uint64_t records) {
        FillList(list, records, part_.add_lists());
      },
      [&](const TenantList& list, const TenantRecord& record) {
        if (part_.records_size() == kRecordsAPart) {
          written = WritePart();
          part_.Clear();
          if (!written.ok()) return false;
        }
        FillRecord(record, list, handler_->accepted(), part_.add_records());
        return true;
      });
  if (!revision.ok()) {
    Finish(revision.status());
    return;
  }
  if (!written.ok()) {
    Finish(written);
    return;
  }
  part_.set_revision(*revision);
  part_.set_last(true);
  Finish(WritePart());
}

absl::Status ExportCall::WritePart() {
  if (rpc().stop->late()) return Stopping();
  DNC_RETURN_IF_ERROR(rpc().authorizer->Admit(context_, Permission::kRecords).status());
  std::unique_lock lock(mutex_);
  writing_ = true;
  BeginWrite();
  stream_.Write(part_, on_write_.tag());
  written_.wait(lock, [this] { return !writing_; });
  if (silent_) return why();
  return gone_ ? CallerGone("the caller is gone") : absl::OkStatus();
}

void ExportCall::OnWrite(bool ok) {
  const bool silent = !EndWait();
  const std::lock_guard lock(mutex_);
  writing_ = false;
  gone_ = gone_ || !ok;
  silent_ = silent;
  written_.notify_all();
}

void ExportCall::Finish(const absl::Status& status) {
  rpc().metrics->CountCall(Method::kExportNumbers, status.code());
  stream_.Finish(ToGrpcStatus(status), on_finish_.tag());
}

void ExportCall::OnFinish(bool /*ok*/) { delete this; }

}  // namespace dnc
