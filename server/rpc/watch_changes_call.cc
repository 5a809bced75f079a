#include "server/rpc/watch_changes_call.h"

#include <algorithm>
#include <chrono>

#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/rpc/error_status.h"

namespace dnc {
namespace {
constexpr std::chrono::milliseconds kInterval(50);
// A change may be told before its revision is the server's; it is that much sooner.
constexpr std::chrono::seconds kAcknowledged(2);
}  // namespace

WatchChangesCall::WatchChangesCall(v1::ListService::AsyncService* service, ListHandler* handler,
                                   StreamPlaces* places, const RpcContext& rpc)
    : Call(rpc),
      GuardedStream(rpc.guard, 2),
      service_(service),
      handler_(handler),
      places_(places),
      stream_(&context_) {
  context_.AsyncNotifyWhenDone(on_done_.tag());
}

void WatchChangesCall::Arm(v1::ListService::AsyncService* service, ListHandler* handler,
                           StreamPlaces* places, const RpcContext& rpc) {
  auto* call = new WatchChangesCall(service, handler, places, rpc);
  service->RequestWatchChanges(&call->context_, &call->request_, &call->stream_, rpc.queue,
                               rpc.queue, call->on_start_.tag());
}

void WatchChangesCall::OnStart(bool ok) {
  if (!ok) {  // the server stops; OnDone never comes
    delete this;
    return;
  }
  Arm(service_, handler_, places_, rpc());
  if (rpc().stop->stopping()) {
    Finish(Stopping());
    return;
  }
  // Also before a worker is asked for: they are not for callers without a key.
  const absl::StatusOr<Caller> caller = rpc().authorizer->Admit(context_, Permission::kRecords);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  Watch(&context_);
  if (!place_.Take(places_, caller->tenant->tenant.number)) {
    Finish(LimitReached(
        StrCat("a tenant has at most ", places_->each(), " watches under way; end one of them")));
    return;
  }
  after_ = request_.after_revision();
  written_at_ = std::chrono::steady_clock::now();
  if (!rpc().workers->TryPost([this] { Look(); })) {
    Finish(LimitReached("too many calls are waiting; retry in a moment"));
  }
}

void WatchChangesCall::Look() {
  if (gone_.load(std::memory_order_relaxed)) {
    Finish(CallerGone("the caller is gone"));
    return;
  }
  // Anew at each look: a key that was revoked meanwhile ends the watch.
  const absl::StatusOr<Caller> caller = rpc().authorizer->Admit(context_, Permission::kRecords);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  const uint64_t revision = handler_->revision();
  // A caller can't have seen more of this server, but what is being acknowledged just now. Silence
  // would hide that changes are lost.
  if (!begun_ && after_ > revision) {
    if (std::chrono::steady_clock::now() - written_at_ < kAcknowledged) {
      LookSoon();
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
  const absl::Status status = handler_->NextChanges(*caller, after_, told_, &response_);
  if (!status.ok()) {
    Finish(status);
  } else if (ChangesIn(response_) == 0) {
    looked_at_ = revision;
    Heartbeat(revision);
  } else {
    Write();
  }
}

void WatchChangesCall::Heartbeat(uint64_t revision) {
  if (std::chrono::steady_clock::now() - written_at_ < rpc().watch_heartbeat) {
    LookSoon();
    return;
  }
  response_.Clear();
  response_.set_revision(std::max(revision, after_));
  response_.set_last_of_revision(true);
  Write();
}

void WatchChangesCall::Write() {
  BeginWrite();
  stream_.Write(response_, on_write_.tag());
}

void WatchChangesCall::LookSoon() {
  alarm_.Set(rpc().queue, std::chrono::system_clock::now() + kInterval, on_time_.tag());
}

void WatchChangesCall::OnWrite(bool ok) {
  if (!EndWait()) {
    Finish(why());
    return;
  }
  if (!ok) {
    Finish(CallerGone("the caller is gone"));
    return;
  }
  written_at_ = std::chrono::steady_clock::now();
  if (response_.last_of_revision()) {
    after_ = response_.revision();
    told_ = 0;
  } else {
    told_ += ChangesIn(response_);
  }
  if (!rpc().workers->TryPost([this] { Look(); })) LookSoon();
}

void WatchChangesCall::OnTime(bool /*ok*/) {
  if (gone_.load(std::memory_order_relaxed)) {
    Finish(CallerGone("the caller is gone"));
  } else if (rpc().stop->stopping()) {
    Finish(Stopping());
  } else if (const auto caller = rpc().authorizer->Admit(context_, Permission::kRecords);
             !caller.ok()) {
    Finish(caller.status());
  } else if (begun_ && handler_->revision() == looked_at_) {
    Heartbeat(looked_at_);
  } else if (!rpc().workers->TryPost([this] { Look(); })) {
    LookSoon();
  }
}

void WatchChangesCall::Finish(const absl::Status& status) {
  rpc().metrics->CountCall(Method::kWatchChanges, status.code());
  stream_.Finish(ToGrpcStatus(status), on_finish_.tag());
}

void WatchChangesCall::OnFinish(bool /*ok*/) {
  if (LastEvent()) delete this;
}

void WatchChangesCall::OnDone(bool /*ok*/) {
  gone_.store(true, std::memory_order_relaxed);
  if (LastEvent()) delete this;
}

}  // namespace dnc
