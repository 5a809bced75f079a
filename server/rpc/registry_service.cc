#include "server/rpc/registry_service.h"

#include <atomic>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/base/call_timer.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/error_status.h"
#include "server/rpc/streams.h"
#include "server/rpc/translate_registry.h"
#include "server/service/upload_session.h"

namespace dnc {
namespace {

using GeneratedRegistry = v1::RegistryService::AsyncService;

// UploadRelease: takes the parts of an upload and queues the load. Reads a part when the part
// before is on the disk, so that memory stays bounded. Deletes itself when the call has ended and
// gRPC has said so.
class UploadCall final : public Call, private GuardedStream {
 public:
  static void Arm(GeneratedRegistry* service, UploadShared* shared, const RpcContext& rpc) {
    auto* call = new UploadCall(service, shared, rpc);
    service->RequestUploadRelease(&call->context_, &call->reader_, rpc.queue, rpc.queue,
                                  call->on_start_.tag());
  }

 private:
  UploadCall(GeneratedRegistry* service, UploadShared* shared, const RpcContext& rpc)
      : Call(rpc),
        GuardedStream(rpc.guard, 2),
        service_(service),
        shared_(shared),
        reader_(&context_) {
    context_.AsyncNotifyWhenDone(on_done_.tag());
  }

  void OnStart(bool ok);
  void OnRead(bool ok);
  void OnAlive(bool ok);
  void OnFinish(bool ok);
  void OnDone(bool ok);

  void Store();     // on a worker
  void Complete();  // on a worker
  absl::Status Accept();
  // The caller is admitted anew for each part and at the end: whoever revoked the key meanwhile has
  // ended the upload.
  absl::StatusOr<Caller> Admit() const { return AdmitCaller(context_, Permission::kOperate); }
  void Read();
  // It ends on a worker, because removing the files takes a while.
  void EndRead(const absl::Status& status) override {
    rpc().workers->Post([this, status] { Finish(status); });
  }
  void Finish(const absl::Status& status);

  GeneratedRegistry* const service_;
  UploadShared* const shared_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReader<v1::UploadReleaseResponse, v1::UploadReleaseRequest> reader_;
  v1::UploadReleaseRequest request_;
  v1::UploadReleaseResponse response_;
  std::optional<UploadSession> session_;
  StreamPlace place_;
  std::atomic<bool> gone_{false};  // the caller, or the call is finished
  MemberEvent<UploadCall, &UploadCall::OnStart> on_start_{this};
  MemberEvent<UploadCall, &UploadCall::OnRead> on_read_{this};
  MemberEvent<UploadCall, &UploadCall::OnAlive> on_alive_{this};
  MemberEvent<UploadCall, &UploadCall::OnFinish> on_finish_{this};
  MemberEvent<UploadCall, &UploadCall::OnDone> on_done_{this};
};

void UploadCall::OnStart(bool ok) {
  if (!ok) {  // the server stops; OnDone never comes
    delete this;
    return;
  }
  Arm(service_, shared_, rpc());
  const absl::StatusOr<Caller> caller = AdmitNewCaller(context_, Permission::kOperate);
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
  session_.emplace(shared_->max_bytes, shared_->intake);
  Watch(&context_);
  Read();
}

void UploadCall::Read() {
  BeginRead();
  reader_.Read(&request_, on_read_.tag());
}

void UploadCall::OnRead(bool ok) {
  if (!EndWait()) {
    if (LastEvent()) delete this;
    return;
  }
  if (ok) {
    // A refusal (TryPost) would waste what was sent, and limits.max_uploads bounds these jobs.
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
    // This, too, ends on a worker.
    rpc().workers->Post([this] { Finish(CallerGone("the upload broke off; nothing changed")); });
  } else {
    rpc().workers->Post([this] { Complete(); });
  }
}

absl::Status UploadCall::Accept() {
  switch (request_.part_case()) {
    case v1::UploadReleaseRequest::kOptions: {
      DNC_ASSIGN_OR_RETURN(LoadOptions options, FromProto(request_.options()));
      return session_->SetOptions(std::move(options));
    }
    case v1::UploadReleaseRequest::kFile:
      return session_->StartFile(request_.file().name(), request_.file().size_bytes());
    case v1::UploadReleaseRequest::kChunk:
      return session_->Append(request_.chunk());
    case v1::UploadReleaseRequest::PART_NOT_SET:
      break;
  }
  return InvalidRequest(
      "a part of the upload is empty or of a kind that this server does not know");
}

void UploadCall::Store() {
  absl::Status status = Admit().status();
  if (status.ok()) status = Accept();
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

// WatchLoad: tells of a load until it has ended. Sleeps until the intake has something new to tell.
class WatchLoadCall final : public WokenCall<v1::WatchLoadRequest, v1::WatchLoadResponse> {
 public:
  static void Arm(GeneratedRegistry* service, const ReleaseAdmin* admin, StreamPlaces* places,
                  const RpcContext& rpc) {
    auto* call = new WatchLoadCall(service, admin, places, rpc);
    call->WaitForCaller(service, &GeneratedRegistry::RequestWatchLoad);
  }

 private:
  WatchLoadCall(GeneratedRegistry* service, const ReleaseAdmin* admin, StreamPlaces* places,
                const RpcContext& rpc)
      : WokenCall(rpc, Topic::kLoads, Method::kWatchLoad, LookOn::kWorker),
        service_(service),
        admin_(admin),
        places_(places) {}

  void ArmNext() override { Arm(service_, admin_, places_, rpc()); }

  absl::Status Begin() override {
    // The caller is admitted before a worker is asked for: they are not for callers without a key.
    DNC_ASSIGN_OR_RETURN(const Caller caller, AdmitNewCaller(context(), Permission::kOperate));
    if (place_.Take(places_, caller.key_id)) return absl::OkStatus();
    return LimitReached(StrCat("a key has at most ", places_->each(),
                               " watches of loads (limits.max_tenant_streams); wait until one has "
                               "ended, or ask ListLoads"));
  }

  void Look() override {
    if (const absl::Status told = Ask(); !told.ok()) {
      Finish(told);
      return;
    }
    std::string now = response_.SerializeAsString();
    if (now == written_) {
      SleepUntil(EndOfKey(expires_at_));
      return;
    }
    written_ = std::move(now);
    Write();
  }

  absl::Status Ask() {
    // The caller is admitted anew at each look: a key that was revoked meanwhile ends the watch.
    DNC_ASSIGN_OR_RETURN(const Caller caller, AdmitCaller(context(), Permission::kOperate));
    expires_at_ = caller.expires_at;
    CallTimer timer(rpc().metrics, Method::kWatchLoad);
    DNC_ASSIGN_OR_RETURN(const LoadInfo load, admin_->GetLoad(request_.load_id()));
    response_.Clear();
    FillLoad(load, response_.mutable_load());
    return absl::OkStatus();
  }

  void OnWritten() override {
    const v1::LoadState state = response_.load().state();
    if (state == v1::LOAD_STATE_SUCCEEDED || state == v1::LOAD_STATE_REFUSED) {
      Finish(absl::OkStatus());
    } else {
      // What was told since the look wakes at once. To look again without being told would write as
      // fast as the caller reads while a load is under way.
      SleepUntil(EndOfKey(expires_at_));
    }
  }

  GeneratedRegistry* const service_;
  const ReleaseAdmin* const admin_;
  StreamPlaces* const places_;
  StreamPlace place_;
  std::string written_;    // the last answer
  absl::Time expires_at_;  // of the caller's key
};

template <typename Request>
ChangeLimits LimitsOf(const Request& request) {
  ChangeLimits limits;
  limits.dry_run = request.dry_run();
  if (request.has_callable_limit()) limits.callable_limit = request.callable_limit();
  limits.requested_by = request.requested_by();
  limits.reason = request.reason();
  return limits;
}

}  // namespace

RegistryService::RegistryService(ReleaseAdmin* admin, UploadShared* uploads, int max_watches)
    : admin_(admin), uploads_(uploads), watches_(std::numeric_limits<int>::max(), max_watches) {
  AddChanges();
  AddReads();
}

void RegistryService::AddChanges() {
  ReleaseAdmin* const admin = admin_;
  methods_.Add<v1::LoadReleaseRequest, v1::LoadReleaseResponse>(
      &service_, Method::kLoadRelease, Permission::kOperate, &GeneratedRegistry::RequestLoadRelease,
      [admin](const Caller&, const auto& in, auto* out) {
        // Of two errors the caller sees that of the paths first.
        DNC_RETURN_IF_ERROR(CheckLoadPaths(static_cast<size_t>(in.paths_size())));
        DNC_ASSIGN_OR_RETURN(const LoadOptions options, FromProto(in.options()));
        DNC_ASSIGN_OR_RETURN(const LoadInfo load,
                             admin->Load(options, {in.paths().begin(), in.paths().end()}));
        FillLoad(load, out->mutable_load());
        return absl::OkStatus();
      });
  methods_.Add<v1::RollBackReleaseRequest, v1::RollBackReleaseResponse>(
      &service_, Method::kRollBackRelease, Permission::kOperate,
      &GeneratedRegistry::RequestRollBackRelease,
      [admin](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(
            const RolledBack back,
            admin->RollBack(caller, {in.list(), in.expected_release_id(), LimitsOf(in)}));
        FillRelease(back.release, out->mutable_release());
        out->set_revision(back.revision);
        out->set_becomes_callable(back.becomes_callable);
        out->set_no_longer_callable(back.no_longer_callable);
        return absl::OkStatus();
      });
  methods_.Add<v1::RetireListRequest, v1::RetireListResponse>(
      &service_, Method::kRetireList, Permission::kOperate, &GeneratedRegistry::RequestRetireList,
      [admin](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const Retired retired,
                             admin->Retire(caller, {in.list(), LimitsOf(in)}));
        out->set_revision(retired.revision);
        out->set_becomes_callable(retired.becomes_callable);
        out->set_required(retired.required);
        return absl::OkStatus();
      });
}

void RegistryService::AddReads() {
  const ReleaseAdmin* const admin = admin_;
  methods_.Add<v1::ListLoadsRequest, v1::ListLoadsResponse>(
      &service_, Method::kListLoads, Permission::kOperate, &GeneratedRegistry::RequestListLoads,
      [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const Page page, ReadPage(in.page_size(), in.page_token()));
        DNC_ASSIGN_OR_RETURN(const LoadsPage loads, admin->Loads(page));
        FillLoads(loads, out);
        return absl::OkStatus();
      });
  methods_.Add<v1::ListReleasesRequest, v1::ListReleasesResponse>(
      &service_, Method::kListReleases, Permission::kOperate,
      &GeneratedRegistry::RequestListReleases, [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const Page page, ReadPage(in.page_size(), in.page_token()));
        DNC_ASSIGN_OR_RETURN(const ReleasesPage told, admin->Releases(in.list(), page));
        for (const ReleaseInfo& release : told.releases) FillRelease(release, out->add_releases());
        out->set_next_page_token(told.next_token);
        return absl::OkStatus();
      });
  methods_.Add<v1::GetCoverageRequest, v1::GetCoverageResponse>(
      &service_, Method::kGetCoverage, Permission::kOperate, &GeneratedRegistry::RequestGetCoverage,
      [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const CoverageInfo coverage, admin->Coverage(in.list()));
        FillCoverage(coverage, out);
        return absl::OkStatus();
      });
  methods_.Add<v1::GetHistoryRequest, v1::GetHistoryResponse>(
      &service_, Method::kGetHistory, Permission::kOperate, &GeneratedRegistry::RequestGetHistory,
      [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const ReleaseAdmin::History told, admin->HistoryOf(in.number()));
        out->set_number(told.number);
        for (const HistoryEvent& event : told.history.events) {
          FillHistoryEvent(event, out->add_events());
        }
        for (const std::string& list : told.history.listed_on) out->add_listed_on(list);
        return absl::OkStatus();
      });
  methods_.Add<v1::GetStatusRequest, v1::GetStatusResponse>(
      &service_, Method::kGetStatus, Permission::kOperate, &GeneratedRegistry::RequestGetStatus,
      [admin](const Caller&, const auto& /*in*/, auto* out) {
        FillStatus(admin->Status(), out);
        return absl::OkStatus();
      });
}

void RegistryService::Arm(const RpcContext& rpc, int calls) {
  for (int i = 0; i < calls; ++i) {
    methods_.Arm(rpc);
    UploadCall::Arm(&service_, uploads_, rpc);
    WatchLoadCall::Arm(&service_, admin_, &watches_, rpc);
  }
}

}  // namespace dnc
