#include "server/rpc/registry_service.h"

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/base/call_timer.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/rpc/translate_registry.h"
#include "server/rpc/unary_call.h"
#include "server/rpc/woken_stream.h"
#include "server/service/request_errors.h"
#include "server/service/upload_session.h"

namespace dnc {
namespace {

// UploadRelease: takes the parts of an upload and queues the load. Takes a part when the part
// before is on the disk, so that memory stays bounded.
class UploadCall final : public TurnStream {
 public:
  UploadCall(const RpcContext& rpc, UploadShared* shared, CallPtr call)
      : TurnStream(rpc, Method::kUploadRelease, std::move(call)), shared_(*shared) {}

 private:
  absl::Status Admitted() override;
  void Take() override;
  // All that removes files or moves them runs on a worker. A caller who is gone has ended the
  // upload: to load what has come would publish a release with files missing.
  void AllSent() override {
    rpc().workers->Post([self = Self(this)] { self->EndUpload(self->Complete()); });
  }
  void OnGone() override {
    rpc().workers->Post([self = Self(this)] {
      self->EndUpload(CallerGone("the upload broke off; nothing changed"));
    });
  }

  void Store();
  absl::Status Accept() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The caller is admitted anew for each part and at the end: whoever revoked the key meanwhile has
  // ended the upload.
  absl::Status CheckCaller() const { return Admit(Permission::kOperate).status(); }
  absl::Status Complete() ABSL_LOCKS_EXCLUDED(mutex_);
  void EndUpload(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);

  UploadShared& shared_;
  StreamPlace place_;
  v1::UploadReleaseRequest request_;
  v1::UploadReleaseResponse response_;
  absl::Mutex mutex_;  // the end of a caller comes beside a part
  std::optional<UploadSession> session_ ABSL_GUARDED_BY(mutex_);
};

absl::Status UploadCall::Admitted() {
  DNC_ASSIGN_OR_RETURN(const Caller caller, AdmitNew(Permission::kOperate));
  if (!place_.Take(&shared_.places, caller.key_id)) {
    return LimitReached(StrCat("the server takes ", shared_.places.all(),
                               " uploads at the same time (limits.max_uploads), and ",
                               shared_.places.each(),
                               " of one key (limits.max_key_uploads); repeat this one later"));
  }
  const absl::MutexLock lock(&mutex_);
  session_.emplace(shared_.max_bytes, shared_.intake);
  return absl::OkStatus();
}

void UploadCall::Take() {
  // A refusal (TryPost) would waste what was sent, and limits.max_uploads bounds these jobs.
  rpc().workers->Post([self = Self(this)] { self->Store(); });
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
  absl::Status status = CheckCaller();
  if (status.ok()) status = ReadMessage(rpc().max_message, &request_);
  if (status.ok()) {
    const absl::MutexLock lock(&mutex_);
    status = session_.has_value() ? Accept() : CallerGone();
  }
  if (status.ok()) {
    OnLoop([this] { Next(); });
  } else {
    EndUpload(status);
  }
}

absl::Status UploadCall::Complete() {
  DNC_RETURN_IF_ERROR(CheckCaller());
  const absl::MutexLock lock(&mutex_);
  if (gone() || !session_.has_value()) return CallerGone("the upload broke off; nothing changed");
  CallTimer timer(rpc().metrics, Method::kUploadRelease);
  DNC_ASSIGN_OR_RETURN(const LoadInfo load, session_->Complete());
  FillLoad(load, response_.mutable_load());
  return absl::OkStatus();
}

void UploadCall::EndUpload(const absl::Status& status) {
  {
    const absl::MutexLock lock(&mutex_);
    session_.reset();  // before the answer, so that no file remains when the caller reads it
  }
  if (status.ok()) {
    Answer(ToMessageBuffer(response_));
  } else {
    Finish(status);
  }
}

// WatchLoad: tells of a load until it has ended. Sleeps until the intake has something new to tell.
class WatchLoadCall final : public WokenCall<v1::WatchLoadRequest, v1::WatchLoadResponse> {
 public:
  WatchLoadCall(const RpcContext& rpc, const ReleaseAdmin* admin, StreamPlaces* places,
                CallPtr call)
      : WokenCall(rpc, Topic::kLoads, Method::kWatchLoad, LookOn::kWorker, std::move(call)),
        admin_(*admin),
        places_(*places) {}

  void OnWritten() override;

 private:
  absl::Status Begin() override {
    // The caller is admitted before a worker is asked for: they are not for callers without a key.
    DNC_ASSIGN_OR_RETURN(const Caller caller, AdmitNew(Permission::kOperate));
    if (place_.Take(&places_, caller.key_id)) return ReadMessage(kMaxSmallBytes, &request_);
    return LimitReached(StrCat("a key has at most ", places_.each(),
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
    DNC_ASSIGN_OR_RETURN(const Caller caller, Admit(Permission::kOperate));
    expires_at_ = caller.expires_at;
    CallTimer timer(rpc().metrics, Method::kWatchLoad);
    DNC_ASSIGN_OR_RETURN(const LoadInfo load, admin_.GetLoad(request_.load_id()));
    response_.Clear();
    FillLoad(load, response_.mutable_load());
    return absl::OkStatus();
  }

  const ReleaseAdmin& admin_;
  StreamPlaces& places_;
  StreamPlace place_;
  std::string written_;    // the last answer
  absl::Time expires_at_;  // of the caller's key
};

void WatchLoadCall::OnWritten() {
  const v1::LoadState state = response_.load().state();
  if (state == v1::LOAD_STATE_SUCCEEDED || state == v1::LOAD_STATE_REFUSED) {
    Finish(absl::OkStatus());
  } else {
    // What was told since the look wakes at once. To look again without being told would write as
    // fast as the caller reads while a load is under way.
    SleepUntil(EndOfKey(expires_at_));
  }
}

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
    : admin_(admin), uploads_(uploads), watches_(std::numeric_limits<int>::max(), max_watches) {}

void RegistryService::AddTo(MethodTable* table) {
  AddChanges(table);
  AddReads(table);
  table->AddStream<UploadCall>("/dnc.v1.RegistryService/UploadRelease", Permission::kOperate,
                               uploads_);
  table->AddCall<WatchLoadCall>("/dnc.v1.RegistryService/WatchLoad", Permission::kOperate, admin_,
                                &watches_);
}

void RegistryService::AddChanges(MethodTable* table) {
  ReleaseAdmin* const admin = admin_;
  AddUnary<v1::LoadReleaseRequest, v1::LoadReleaseResponse>(
      table, "/dnc.v1.RegistryService/LoadRelease", Method::kLoadRelease, Permission::kOperate,
      [admin](const Caller&, const auto& in, auto* out) {
        // Of two errors the caller sees that of the paths first.
        DNC_RETURN_IF_ERROR(CheckLoadPaths(static_cast<size_t>(in.paths_size())));
        DNC_ASSIGN_OR_RETURN(const LoadOptions options, FromProto(in.options()));
        DNC_ASSIGN_OR_RETURN(const LoadInfo load,
                             admin->Load(options, {in.paths().begin(), in.paths().end()}));
        FillLoad(load, out->mutable_load());
        return absl::OkStatus();
      });
  AddUnary<v1::RollBackReleaseRequest, v1::RollBackReleaseResponse>(
      table, "/dnc.v1.RegistryService/RollBackRelease", Method::kRollBackRelease,
      Permission::kOperate, [admin](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(
            const RolledBack back,
            admin->RollBack(caller, {in.list(), in.expected_release_id(), LimitsOf(in)}));
        FillRelease(back.release, out->mutable_release());
        out->set_revision(back.revision);
        out->set_becomes_callable(back.becomes_callable);
        out->set_no_longer_callable(back.no_longer_callable);
        return absl::OkStatus();
      });
  AddUnary<v1::RetireListRequest, v1::RetireListResponse>(
      table, "/dnc.v1.RegistryService/RetireList", Method::kRetireList, Permission::kOperate,
      [admin](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const Retired retired,
                             admin->Retire(caller, {in.list(), LimitsOf(in)}));
        out->set_revision(retired.revision);
        out->set_becomes_callable(retired.becomes_callable);
        out->set_required(retired.required);
        return absl::OkStatus();
      });
}

void RegistryService::AddReads(MethodTable* table) {
  const ReleaseAdmin* const admin = admin_;
  AddUnary<v1::ListLoadsRequest, v1::ListLoadsResponse>(
      table, "/dnc.v1.RegistryService/ListLoads", Method::kListLoads, Permission::kOperate,
      [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const Page page, ReadPage(in.page_size(), in.page_token()));
        DNC_ASSIGN_OR_RETURN(const LoadsPage loads, admin->Loads(page));
        FillLoads(loads, out);
        return absl::OkStatus();
      });
  AddUnary<v1::ListReleasesRequest, v1::ListReleasesResponse>(
      table, "/dnc.v1.RegistryService/ListReleases", Method::kListReleases, Permission::kOperate,
      [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const Page page, ReadPage(in.page_size(), in.page_token()));
        DNC_ASSIGN_OR_RETURN(const ReleasesPage told, admin->Releases(in.list(), page));
        for (const ReleaseInfo& release : told.releases) FillRelease(release, out->add_releases());
        out->set_next_page_token(told.next_token);
        return absl::OkStatus();
      });
  AddUnary<v1::GetCoverageRequest, v1::GetCoverageResponse>(
      table, "/dnc.v1.RegistryService/GetCoverage", Method::kGetCoverage, Permission::kOperate,
      [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const CoverageInfo coverage, admin->Coverage(in.list()));
        FillCoverage(coverage, out);
        return absl::OkStatus();
      });
  AddUnary<v1::GetHistoryRequest, v1::GetHistoryResponse>(
      table, "/dnc.v1.RegistryService/GetHistory", Method::kGetHistory, Permission::kOperate,
      [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const ReleaseAdmin::History told, admin->HistoryOf(in.number()));
        out->set_number(told.number);
        for (const HistoryEvent& event : told.history.events) {
          FillHistoryEvent(event, out->add_events());
        }
        for (const std::string& list : told.history.listed_on) out->add_listed_on(list);
        return absl::OkStatus();
      });
  AddUnary<v1::GetStatusRequest, v1::GetStatusResponse>(
      table, "/dnc.v1.RegistryService/GetStatus", Method::kGetStatus, Permission::kOperate,
      [admin](const Caller&, const auto& /*in*/, auto* out) {
        FillStatus(admin->Status(), out);
        return absl::OkStatus();
      });
  AddUnary<v1::GetActivityRequest, v1::GetActivityResponse>(
      table, "/dnc.v1.RegistryService/GetActivity", Method::kGetActivity, Permission::kOperate,
      [admin](const Caller&, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const ReleaseAdmin::ActivityTold told,
                             admin->ActivityBy(in.step_minutes()));
        FillActivity(told, out);
        return absl::OkStatus();
      });
}

}  // namespace dnc
