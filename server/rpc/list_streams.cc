// The streams of dnc.v1.ListService: a class each, and the function that adds its method.
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
#include "server/rpc/list_service.h"
#include "server/rpc/translate_list.h"
#include "server/rpc/woken_stream.h"
#include "server/service/request_errors.h"
#include "server/service/request_limits.h"

namespace dnc {
namespace {

// ImportNumbers: parts of records in, what became of them out, one part at a time.
class ImportCall final : public TurnStream {
 public:
  ImportCall(const RpcContext& rpc, ListChanges* changes, StreamPlaces* places, CallPtr call)
      : TurnStream(rpc, Method::kImportNumbers, std::move(call)),
        changes_(*changes),
        places_(*places) {}

 private:
  absl::Status Admitted() override;
  void Take() override;
  void AllSent() override { Finish(absl::OkStatus()); }

  void Store();  // on a worker
  absl::Status ReadPart();

  ListChanges& changes_;
  StreamPlaces& places_;
  StreamPlace place_;
  v1::ImportNumbersRequest request_;
  v1::ImportNumbersResponse response_;
  std::string list_id_;
  bool begun_ = false;
};

absl::Status ImportCall::Admitted() {
  DNC_ASSIGN_OR_RETURN(const Caller caller, AdmitNew(Permission::kLists));
  if (place_.Take(&places_, caller.tenant->tenant.number)) return absl::OkStatus();
  return LimitReached(StrCat("a tenant has at most ", places_.each(),
                             " imports under way; wait until one has ended"));
}

void ImportCall::Take() {
  // Writes are not refused because scrubs wait, and a stream has one part under way.
  rpc().workers->Post([self = Self(this)] { self->Store(); });
}

absl::Status ImportCall::ReadPart() {
  if (gone()) return CallerGone();
  DNC_RETURN_IF_ERROR(ReadMessage(rpc().max_message, &request_));
  if (!begun_) {
    list_id_ = request_.list_id().empty() ? kDefaultListId : request_.list_id();
  } else if (!request_.list_id().empty() && request_.list_id() != list_id_) {
    // An opt-out that is meant for one list must not become a consent of another.
    return InvalidRequest(
        "`list_id` differs from that of the first part; end this import, and begin another one "
        "for the other list. The parts that were answered are stored");
  }
  begun_ = true;
  return absl::OkStatus();
}

void ImportCall::Store() {
  // The caller is admitted anew for each part: a key that was revoked meanwhile ends the stream.
  const absl::StatusOr<Caller> caller = Admit(Permission::kLists);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  if (const absl::Status read = ReadPart(); !read.ok()) {
    Finish(read);
    return;
  }
  changes_.Add(
      *caller, FromProto(request_, list_id_),
      [self = Self(this), tenant = caller->tenant](const absl::StatusOr<WriteReply>& reply) {
        if (!reply.ok()) {
          self->Finish(reply.status());
          return;
        }
        self->response_.Clear();
        self->response_.set_tenant_id(tenant->tenant.id);
        FillCounts(*reply, &self->response_);
        self->Write(self->response_);
      });
}

// ExportNumbers: all records of a tenant's lists, part by part, of one revision. Writes a part when
// the one before is written, so a slow reader slows the export, and one that reads nothing for long
// is ended by the transport: each holds a worker until it has ended, so there are few places.
class ExportCall final : public OneRequestCall {
 public:
  ExportCall(const RpcContext& rpc, const ListQueries* queries, StreamPlaces* places, CallPtr call)
      : OneRequestCall(rpc, Method::kExportNumbers, std::move(call)),
        queries_(*queries),
        places_(*places) {}

  void OnWritten() override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void OnRequest() override;
  void OnGone() override { OnWritten(); }

  absl::Status Begin();
  void Run();  // on a worker
  absl::Status WriteAll();
  // Writes the part and waits until that is done; not OK if the caller is gone, or may no longer
  // read on: whoever revoked its key or suspended the tenant meanwhile has ended the export.
  absl::Status WritePart() ABSL_LOCKS_EXCLUDED(mutex_);

  const ListQueries& queries_;
  StreamPlaces& places_;
  StreamPlace place_;
  Caller caller_;
  v1::ExportNumbersRequest request_;
  v1::ExportNumbersResponse part_;
  absl::Mutex mutex_;
  bool written_ ABSL_GUARDED_BY(mutex_) = false;  // or nobody reads it
};

void ExportCall::OnRequest() {
  if (const absl::Status begun = Begin(); !begun.ok()) {
    Finish(begun);
    return;
  }
  call().WatchDeadline();
}

absl::Status ExportCall::Begin() {
  DNC_ASSIGN_OR_RETURN(caller_, AdmitNew(Permission::kRecords));
  DNC_RETURN_IF_ERROR(ReadMessage(kMaxSmallBytes, &request_));
  if (place_.Take(&places_, caller_.tenant->tenant.number) &&
      rpc().workers->TryPost([self = Self(this)] { self->Run(); })) {
    return absl::OkStatus();
  }
  return LimitReached(StrCat("the server makes ", places_.all(), " exports at the same time, ",
                             places_.each(), " of one tenant; repeat this one later"));
}

void ExportCall::Run() { Finish(WriteAll()); }

absl::Status ExportCall::WriteAll() {
  absl::Status written;
  const absl::StatusOr<uint64_t> revision = queries_.Export(
      caller_, request_.list_id(),
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
  DNC_RETURN_IF_ERROR(revision.status());
  DNC_RETURN_IF_ERROR(written);
  part_.set_revision(*revision);
  part_.set_last(true);
  return WritePart();
}

absl::Status ExportCall::WritePart() {
  if (rpc().stop->late()) return Stopping();
  DNC_RETURN_IF_ERROR(Admit(Permission::kRecords).status());
  const absl::MutexLock lock(&mutex_);
  written_ = false;
  // Whoever hears that the caller is gone sets the flag afterwards, with this lock.
  if (gone()) return CallerGone();
  call().Write(ToMessageBuffer(part_));
  mutex_.Await(absl::Condition(&written_));
  return gone() ? CallerGone() : absl::OkStatus();
}

void ExportCall::OnWritten() {
  const absl::MutexLock lock(&mutex_);
  written_ = true;
}

// A change may be told before its revision is the server's; it is that much sooner.
constexpr std::chrono::seconds kAcknowledged(2);

// WatchChanges: tells of a tenant's changes, those that are kept and those to come. While there is
// nothing, says so now and then (rpc.watch_heartbeat_seconds).
class WatchChangesCall final : public WokenCall<v1::WatchChangesRequest, v1::WatchChangesResponse> {
 public:
  WatchChangesCall(const RpcContext& rpc, const ListQueries* queries, StreamPlaces* places,
                   CallPtr call)
      : WokenCall(rpc, Topic::kChanges, Method::kWatchChanges, LookOn::kWorker, std::move(call)),
        queries_(*queries),
        places_(*places) {}

  void OnWritten() override;

 private:
  using SteadyClock = Waker::Clock;

  absl::Status Begin() override;
  void Look() override;
  void Woken() override;

  // Sleeps until there are changes, the next word is due, or the key has run out.
  void WaitForChanges();
  // Tells the caller that all up to `revision` is told, if it is time for that.
  void Heartbeat(uint64_t revision);

  const ListQueries& queries_;
  StreamPlaces& places_;
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
  DNC_ASSIGN_OR_RETURN(const Caller caller, AdmitNew(Permission::kRecords));
  if (!place_.Take(&places_, caller.tenant->tenant.number)) {
    return LimitReached(
        StrCat("a tenant has at most ", places_.each(), " watches under way; end one of them"));
  }
  DNC_RETURN_IF_ERROR(ReadMessage(kMaxSmallBytes, &request_));
  after_ = request_.after_revision();
  written_at_ = SteadyClock::now();
  return absl::OkStatus();
}

void WatchChangesCall::Look() {
  // The caller is admitted anew at each look: a key that was revoked meanwhile ends the watch.
  const absl::StatusOr<Caller> caller = Admit(Permission::kRecords);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  expires_at_ = caller->expires_at;
  const uint64_t revision = queries_.revision();
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
  const absl::StatusOr<ListQueries::ChangesPart> part = queries_.NextChanges(
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
  } else if (begun_ && queries_.revision() == looked_at_) {
    // Nothing is new, but the time has come for the next word, or for the key to run out.
    const absl::StatusOr<Caller> caller = Admit(Permission::kRecords);
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

void AddImportNumbers(ListChanges* changes, StreamPlaces* places, MethodTable* table) {
  table->AddStream<ImportCall>("/dnc.v1.ListService/ImportNumbers", Permission::kLists, changes,
                               places);
}

void AddExportNumbers(const ListQueries* queries, StreamPlaces* places, MethodTable* table) {
  table->AddCall<ExportCall>("/dnc.v1.ListService/ExportNumbers", Permission::kRecords, queries,
                             places);
}

void AddWatchChanges(const ListQueries* queries, StreamPlaces* places, MethodTable* table) {
  table->AddCall<WatchChangesCall>("/dnc.v1.ListService/WatchChanges", Permission::kRecords,
                                   queries, places);
}

}  // namespace dnc
