// The streams of dnc.v1.ListService: a class each, and the function that arms it.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/error_status.h"
#include "server/rpc/list_service.h"
#include "server/rpc/streams.h"
#include "server/rpc/translate_list.h"
#include "server/service/request_limits.h"

namespace dnc {
namespace {

// ImportNumbers: parts of records in, what became of them out, one part at a time. Reads a part
// when the answer before is written. Deletes itself when the stream has ended.
class ImportCall final : public Call, private GuardedStream {
 public:
  static void Arm(const WritingStreams& shared, const RpcContext& rpc) {
    auto* call = new ImportCall(shared, rpc);
    shared.service->RequestImportNumbers(&call->context_, &call->stream_, rpc.queue, rpc.queue,
                                         call->on_start_.tag());
  }

 private:
  ImportCall(const WritingStreams& shared, const RpcContext& rpc)
      : Call(rpc), GuardedStream(rpc.guard, 1), shared_(shared), stream_(&context_) {}

  void OnStart(bool ok);
  void OnRead(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);

  void Store();  // on a worker
  void Read();
  void EndRead(const absl::Status& status) override { Finish(status); }
  void Finish(const absl::Status& status);

  const WritingStreams shared_;
  StreamPlace place_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<v1::ImportNumbersResponse, v1::ImportNumbersRequest> stream_;
  v1::ImportNumbersRequest request_;
  v1::ImportNumbersResponse response_;
  std::string list_id_;
  bool begun_ = false;
  MemberEvent<ImportCall, &ImportCall::OnStart> on_start_{this};
  MemberEvent<ImportCall, &ImportCall::OnRead> on_read_{this};
  MemberEvent<ImportCall, &ImportCall::OnWrite> on_write_{this};
  MemberEvent<ImportCall, &ImportCall::OnFinish> on_finish_{this};
};

void ImportCall::OnStart(bool ok) {
  if (!ok) {  // the server stops
    delete this;
    return;
  }
  Arm(shared_, rpc());
  const absl::StatusOr<Caller> caller = AdmitNewCaller(context_, Permission::kLists);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  Watch(&context_);
  if (!place_.Take(shared_.places, caller->tenant->tenant.number)) {
    Finish(LimitReached(StrCat("a tenant has at most ", shared_.places->each(),
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
  // The caller is admitted anew for each part: a key that was revoked meanwhile ends the stream.
  const absl::StatusOr<Caller> caller = AdmitCaller(context_, Permission::kLists);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  shared_.changes->Add(*caller, FromProto(request_, list_id_),
                       [this, tenant = caller->tenant](const absl::StatusOr<WriteReply>& reply) {
                         if (!reply.ok()) {
                           Finish(reply.status());
                           return;
                         }
                         response_.Clear();
                         response_.set_tenant_id(tenant->tenant.id);
                         FillCounts(*reply, &response_);
                         BeginWrite();
                         stream_.Write(response_, on_write_.tag());
                       });
}

void ImportCall::OnWrite(bool ok) {
  if (!EndWait()) {
    Finish(why());
  } else if (ok) {
    Read();
  } else {
    Finish(CallerGone());
  }
}

void ImportCall::Finish(const absl::Status& status) {
  rpc().metrics->CountCall(Method::kImportNumbers, status.code());
  stream_.Finish(ToGrpcStatus(status), on_finish_.tag());
}

void ImportCall::OnFinish(bool /*ok*/) {
  if (LastEvent()) delete this;
}

// ExportNumbers: all records of a tenant's lists, part by part, of one revision. Writes a part when
// the one before is written, so a slow reader slows the export, and one that reads nothing for long
// ends it: each holds a worker until it has ended, so there are few places. Deletes itself when the
// stream has ended.
class ExportCall final : public Call, private GuardedStream {
 public:
  static void Arm(const ReadingStreams& shared, const RpcContext& rpc) {
    auto* call = new ExportCall(shared, rpc);
    shared.service->RequestExportNumbers(&call->context_, &call->request_, &call->stream_,
                                         rpc.queue, rpc.queue, call->on_start_.tag());
  }

 private:
  ExportCall(const ReadingStreams& shared, const RpcContext& rpc)
      : Call(rpc), GuardedStream(rpc.guard, 1), shared_(shared), stream_(&context_) {}

  void OnStart(bool ok);
  void OnWrite(bool ok) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnFinish(bool ok);

  void Run(const Caller& caller);  // on a worker
  // Writes the part and waits until that is done; not OK if the caller is gone, or may no longer
  // read on: whoever revoked its key or suspended the tenant meanwhile has ended the export.
  absl::Status WritePart() ABSL_LOCKS_EXCLUDED(mutex_);
  void EndRead(const absl::Status& /*status*/) override {}  // there are no reads
  void Finish(const absl::Status& status);

  const ReadingStreams shared_;
  StreamPlace place_;
  grpc::ServerContext context_;
  v1::ExportNumbersRequest request_;
  v1::ExportNumbersResponse part_;
  grpc::ServerAsyncWriter<v1::ExportNumbersResponse> stream_;
  absl::Mutex mutex_;
  bool written_ ABSL_GUARDED_BY(mutex_) = false;
  bool gone_ ABSL_GUARDED_BY(mutex_) = false;
  bool silent_ ABSL_GUARDED_BY(mutex_) = false;
  MemberEvent<ExportCall, &ExportCall::OnStart> on_start_{this};
  MemberEvent<ExportCall, &ExportCall::OnWrite> on_write_{this};
  MemberEvent<ExportCall, &ExportCall::OnFinish> on_finish_{this};
};

void ExportCall::OnStart(bool ok) {
  if (!ok) {  // the server stops
    delete this;
    return;
  }
  Arm(shared_, rpc());
  absl::StatusOr<Caller> caller = AdmitNewCaller(context_, Permission::kRecords);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  Watch(&context_);
  const bool fits = place_.Take(shared_.places, caller->tenant->tenant.number);
  if (!fits || !rpc().workers->TryPost([this, caller = *std::move(caller)] { Run(caller); })) {
    Finish(LimitReached(StrCat("the server makes ", shared_.places->all(),
                               " exports at the same time, ", shared_.places->each(),
                               " of one tenant; repeat this one later")));
  }
}

void ExportCall::Run(const Caller& caller) {
  absl::Status written;
  const absl::StatusOr<uint64_t> revision = shared_.queries->Export(
      caller, request_.list_id(),
      [this](const ToldList& told) { FillList(told.list, told.records, part_.add_lists()); },
      [&](const TenantList& list, const TenantRecord& record) {
        if (static_cast<size_t>(part_.records_size()) == kMaxRecordsAPart) {
          written = WritePart();
          part_.Clear();
          if (!written.ok()) return false;
        }
        FillRecord(record, list, rpc().clock->accepted(), part_.add_records());
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
  DNC_RETURN_IF_ERROR(AdmitCaller(context_, Permission::kRecords).status());
  const absl::MutexLock lock(&mutex_);
  written_ = false;
  BeginWrite();
  stream_.Write(part_, on_write_.tag());
  mutex_.Await(absl::Condition(&written_));
  if (silent_) return why();
  return gone_ ? CallerGone() : absl::OkStatus();
}

void ExportCall::OnWrite(bool ok) {
  const bool silent = !EndWait();
  const absl::MutexLock lock(&mutex_);
  written_ = true;
  gone_ = gone_ || !ok;
  silent_ = silent;
}

void ExportCall::Finish(const absl::Status& status) {
  rpc().metrics->CountCall(Method::kExportNumbers, status.code());
  stream_.Finish(ToGrpcStatus(status), on_finish_.tag());
}

void ExportCall::OnFinish(bool /*ok*/) { delete this; }

// A change may be told before its revision is the server's; it is that much sooner.
constexpr std::chrono::seconds kAcknowledged(2);

// WatchChanges: tells of a tenant's changes, those that are kept and those to come. While there is
// nothing, says so now and then (rpc.watch_heartbeat_seconds).
class WatchChangesCall final : public WokenCall<v1::WatchChangesRequest, v1::WatchChangesResponse> {
 public:
  static void Arm(const ReadingStreams& shared, const RpcContext& rpc) {
    auto* call = new WatchChangesCall(shared, rpc);
    call->WaitForCaller(shared.service, &v1::ListService::AsyncService::RequestWatchChanges);
  }

 private:
  using SteadyClock = Waker::Clock;

  WatchChangesCall(const ReadingStreams& shared, const RpcContext& rpc)
      : WokenCall(rpc, Topic::kChanges, Method::kWatchChanges, LookOn::kWorker), shared_(shared) {}

  void ArmNext() override { Arm(shared_, rpc()); }
  absl::Status Begin() override;
  void Look() override;
  void OnWritten() override;
  void Woken() override;

  // Sleeps until there are changes, the next word is due, or the key has run out.
  void WaitForChanges();
  // Tells the caller that all up to `revision` is told, if it is time for that.
  void Heartbeat(uint64_t revision);

  const ReadingStreams shared_;
  StreamPlace place_;
  uint64_t after_ = 0;                  // all changes up to this revision are told
  size_t told_ = 0;                     // and so many of the next that has some
  size_t in_part_ = 0;                  // changes in the response
  bool begun_ = false;                  // the server has got as far as `after_`
  uint64_t looked_at_ = 0;              // the server's revision at the last look that found nothing
  absl::Time expires_at_;               // of the caller's key
  SteadyClock::time_point written_at_;  // the last response
};

absl::Status WatchChangesCall::Begin() {
  // The caller is admitted before a worker is asked for: they are not for callers without a key.
  DNC_ASSIGN_OR_RETURN(const Caller caller, AdmitNewCaller(context(), Permission::kRecords));
  if (!place_.Take(shared_.places, caller.tenant->tenant.number)) {
    return LimitReached(StrCat("a tenant has at most ", shared_.places->each(),
                               " watches under way; end one of them"));
  }
  after_ = request_.after_revision();
  written_at_ = SteadyClock::now();
  return absl::OkStatus();
}

void WatchChangesCall::Look() {
  // The caller is admitted anew at each look: a key that was revoked meanwhile ends the watch.
  const absl::StatusOr<Caller> caller = AdmitCaller(context(), Permission::kRecords);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  expires_at_ = caller->expires_at;
  const uint64_t revision = shared_.queries->revision();
  // A caller can't have seen more of this server, but what is being acknowledged just now. Silence
  // would hide that changes are lost.
  if (!begun_ && after_ > revision) {
    if (SteadyClock::now() - written_at_ < kAcknowledged) {
      SleepUntil(written_at_ + kAcknowledged);
      return;
    }
    Finish(Error(
        reason::kChangesTooOld,
        StrCat("changes after revision ", after_, " are asked for, but the server is at ", revision,
               ": it was restored from an older backup, or is another one. Export the "
               "lists, write again what is missing, and watch from the export's "
               "revision")));
    return;
  }
  begun_ = true;
  response_.Clear();
  const absl::StatusOr<ListQueries::ChangesPart> part = shared_.queries->NextChanges(
      *caller, after_, told_, [this](const TenantList& list, const RecordChange& change) {
        FillChange(change, list, rpc().clock->accepted(), &response_);
      });
  if (!part.ok()) {
    Finish(part.status());
  } else if (part->changes == 0) {
    looked_at_ = revision;
    Heartbeat(revision);
  } else {
    in_part_ = part->changes;
    response_.set_revision(part->revision);
    response_.set_last_of_revision(part->last_of_revision);
    Write();
  }
}

void WatchChangesCall::Heartbeat(uint64_t revision) {
  if (SteadyClock::now() - written_at_ < rpc().watch_heartbeat) {
    WaitForChanges();
    return;
  }
  response_.Clear();
  in_part_ = 0;
  response_.set_revision(std::max(revision, after_));
  response_.set_last_of_revision(true);
  Write();
}

void WatchChangesCall::WaitForChanges() {
  SleepUntil(std::min<SteadyClock::time_point>(written_at_ + rpc().watch_heartbeat,
                                               EndOfKey(expires_at_)));
}

void WatchChangesCall::OnWritten() {
  written_at_ = SteadyClock::now();
  if (response_.last_of_revision()) {
    after_ = response_.revision();
    told_ = 0;
  } else {
    told_ += in_part_;
  }
  LookSoon();
}

void WatchChangesCall::Woken() {
  if (rpc().stop->stopping()) {
    Finish(Stopping());
  } else if (begun_ && shared_.queries->revision() == looked_at_) {
    // Nothing is new, but the time has come for the next word, or for the key to run out.
    const absl::StatusOr<Caller> caller = AdmitCaller(context(), Permission::kRecords);
    if (caller.ok()) {
      Heartbeat(looked_at_);
    } else {
      Finish(caller.status());
    }
  } else {
    LookSoon();
  }
}

}  // namespace

void ArmImport(const WritingStreams& shared, const RpcContext& rpc) {
  ImportCall::Arm(shared, rpc);
}

void ArmExport(const ReadingStreams& shared, const RpcContext& rpc) {
  ExportCall::Arm(shared, rpc);
}

void ArmWatchChanges(const ReadingStreams& shared, const RpcContext& rpc) {
  WatchChangesCall::Arm(shared, rpc);
}

}  // namespace dnc
