#include "server/rpc/watch_changes_call.h"

#include <chrono>

#include "server/base/error.h"
#include "server/rpc/error_status.h"

namespace dnc {
namespace {
constexpr std::chrono::milliseconds kInterval(50);
}  // namespace

WatchChangesCall::WatchChangesCall(v1::ListService::AsyncService* service, ListHandler* handler,
                                   const CallSite& site)
    : Call(site), service_(service), handler_(handler), stream_(&context_) {
  context_.AsyncNotifyWhenDone(on_done_.tag());
}

void WatchChangesCall::Arm(v1::ListService::AsyncService* service, ListHandler* handler,
                           const CallSite& site) {
  auto* call = new WatchChangesCall(service, handler, site);
  service->RequestWatchChanges(&call->context_, &call->request_, &call->stream_, site.queue,
                               site.queue, call->on_start_.tag());
}

void WatchChangesCall::OnStart(bool ok) {
  if (!ok) {  // the server stops; OnDone never comes
    delete this;
    return;
  }
  Arm(service_, handler_, site());
  // Also before a worker is asked for: they are not for callers without a key.
  const absl::StatusOr<Caller> caller = site().gatekeeper->Admit(context_, Access::kRecords);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  after_ = request_.after_revision();
  if (!site().workers->TryPost([this] { Look(); })) {
    Finish(LimitReached("too many calls are waiting; retry in a moment"));
  }
}

void WatchChangesCall::Look() {
  if (gone_.load(std::memory_order_relaxed)) {
    Finish(CallerGone("the caller is gone"));
    return;
  }
  // Anew at each look: a key that was revoked meanwhile ends the watch.
  const absl::StatusOr<Caller> caller = site().gatekeeper->Admit(context_, Access::kRecords);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  const uint64_t revision = handler_->revision();
  response_.Clear();
  const absl::Status status = handler_->NextChanges(*caller, after_, told_, &response_);
  if (!status.ok()) {
    Finish(status);
  } else if (ChangesIn(response_) == 0) {
    looked_at_ = revision;
    LookSoon();
  } else {
    stream_.Write(response_, on_write_.tag());
  }
}

void WatchChangesCall::LookSoon() {
  alarm_.Set(site().queue, std::chrono::system_clock::now() + kInterval, on_time_.tag());
}

void WatchChangesCall::OnWrite(bool ok) {
  if (!ok) {
    Finish(CallerGone("the caller is gone"));
    return;
  }
  if (response_.last_of_revision()) {
    after_ = response_.revision();
    told_ = 0;
  } else {
    told_ += ChangesIn(response_);
  }
  if (!site().workers->TryPost([this] { Look(); })) LookSoon();
}

void WatchChangesCall::OnTime(bool /*ok*/) {
  if (gone_.load(std::memory_order_relaxed)) {
    Finish(CallerGone("the caller is gone"));
  } else if (site().stopping->load(std::memory_order_relaxed)) {
    Finish(Error(absl::StatusCode::kUnavailable, reason::kStopping,
                 "the server is stopping; watch again from the last revision when it is back"));
  } else if (const auto caller = site().gatekeeper->Admit(context_, Access::kRecords);
             !caller.ok()) {
    Finish(caller.status());
  } else if (handler_->revision() == looked_at_ || !site().workers->TryPost([this] { Look(); })) {
    LookSoon();
  }
}

void WatchChangesCall::Finish(const absl::Status& status) {
  site().metrics->CountCall(Method::kWatchChanges, status.code());
  stream_.Finish(ToGrpcStatus(status), on_finish_.tag());
}

void WatchChangesCall::OnFinish(bool /*ok*/) {
  if (ends_.Arrive()) delete this;
}

void WatchChangesCall::OnDone(bool /*ok*/) {
  gone_.store(true, std::memory_order_relaxed);
  if (ends_.Arrive()) delete this;
}

}  // namespace dnc
