#include "server/rpc/watch_call.h"

#include <chrono>

#include "server/base/str_cat.h"
#include "server/rpc/error_status.h"
#include "server/telemetry/call_timer.h"

namespace dnc {
namespace {
constexpr std::chrono::milliseconds kInterval(100);

bool HasEnded(const v1::Load& load) {
  return load.state() == v1::LOAD_STATE_SUCCEEDED || load.state() == v1::LOAD_STATE_REFUSED;
}
}  // namespace

WatchCall::WatchCall(v1::RegistryService::AsyncService* service, RegistryHandler* handler,
                     StreamPlaces* places, const RpcContext& rpc)
    : Call(rpc),
      GuardedStream(rpc.guard, 2),
      service_(service),
      handler_(handler),
      places_(places),
      stream_(&context_) {
  context_.AsyncNotifyWhenDone(on_done_.tag());
}

void WatchCall::Arm(v1::RegistryService::AsyncService* service, RegistryHandler* handler,
                    StreamPlaces* places, const RpcContext& rpc) {
  auto* call = new WatchCall(service, handler, places, rpc);
  service->RequestWatchLoad(&call->context_, &call->request_, &call->stream_, rpc.queue, rpc.queue,
                            call->on_start_.tag());
}

void WatchCall::OnStart(bool ok) {
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
  const absl::StatusOr<Caller> caller = rpc().authorizer->Admit(context_, Permission::kOperate);
  if (!caller.ok()) {
    Finish(caller.status());
    return;
  }
  if (!place_.Take(places_, caller->key_id)) {
    Finish(LimitReached(StrCat("a key has at most ", places_->each(),
                               " watches of loads (limits.max_tenant_streams); wait until one has "
                               "ended, or ask ListLoads")));
    return;
  }
  Watch(&context_);
  if (!rpc().workers->TryPost([this] { Look(); })) {
    Finish(LimitReached("too many calls are waiting; retry in a moment"));
  }
}

void WatchCall::Look() {
  if (gone_.load(std::memory_order_relaxed)) {
    Finish(CallerGone("the caller is gone"));
    return;
  }
  // Anew at each look: a key that was revoked meanwhile ends the watch.
  absl::Status status = rpc().authorizer->Admit(context_, Permission::kOperate).status();
  response_.Clear();
  if (status.ok()) {
    CallTimer timer(rpc().metrics, Method::kWatchLoad);
    status = handler_->GetLoad(request_.load_id(), response_.mutable_load());
  }
  if (!status.ok()) {
    Finish(status);
    return;
  }
  std::string now = response_.SerializeAsString();
  if (now == written_) {
    LookSoon();
    return;
  }
  written_ = std::move(now);
  BeginWrite();
  stream_.Write(response_, on_write_.tag());
}

void WatchCall::LookSoon() {
  alarm_.Set(rpc().queue, std::chrono::system_clock::now() + kInterval, on_time_.tag());
}

void WatchCall::OnWrite(bool ok) {
  if (!EndWait()) {
    Finish(why());
  } else if (!ok) {
    Finish(CallerGone("the caller is gone"));
  } else if (HasEnded(response_.load())) {
    Finish(absl::OkStatus());
  } else {
    LookSoon();
  }
}

void WatchCall::OnTime(bool /*ok*/) {
  if (gone_.load(std::memory_order_relaxed)) {
    Finish(CallerGone("the caller is gone"));
  } else if (rpc().stop->stopping()) {
    Finish(Stopping());
  } else if (!rpc().workers->TryPost([this] { Look(); })) {
    LookSoon();  // busy: the next look will tell as much
  }
}

void WatchCall::Finish(const absl::Status& status) {
  rpc().metrics->CountCall(Method::kWatchLoad, status.code());
  stream_.Finish(ToGrpcStatus(status), on_finish_.tag());
}

void WatchCall::OnFinish(bool /*ok*/) {
  if (LastEvent()) delete this;
}

void WatchCall::OnDone(bool /*ok*/) {
  gone_.store(true, std::memory_order_relaxed);
  if (LastEvent()) delete this;
}

}  // namespace dnc
