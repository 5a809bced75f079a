#include "server/rpc/health_watch_call.h"

#include <chrono>
#include <string>

#include "absl/strings/match.h"
#include "server/base/str_cat.h"
#include "server/rpc/error_status.h"

namespace dnc {
namespace {
constexpr std::chrono::milliseconds kInterval(200);

// The address without its port, from gRPC's text: `ipv4:127.0.0.1:50000`.
std::string HostOf(const std::string& peer) {
  return absl::StartsWith(peer, "ip") ? peer.substr(0, peer.rfind(':')) : peer;
}
}  // namespace

HealthWatchCall::HealthWatchCall(grpc::health::v1::Health::AsyncService* service,
                                 const HealthBoard* board, StreamPlaces* places,
                                 const RpcContext& rpc)
    : Call(rpc), service_(service), board_(board), places_(places), stream_(&context_) {
  context_.AsyncNotifyWhenDone(on_done_.tag());
}

void HealthWatchCall::Arm(grpc::health::v1::Health::AsyncService* service, const HealthBoard* board,
                          StreamPlaces* places, const RpcContext& rpc) {
  auto* call = new HealthWatchCall(service, board, places, rpc);
  service->RequestWatch(&call->context_, &call->request_, &call->stream_, rpc.queue, rpc.queue,
                        call->on_start_.tag());
}

void HealthWatchCall::OnStart(bool ok) {
  if (!ok) {  // the server stops; OnDone never comes
    delete this;
    return;
  }
  Arm(service_, board_, places_, rpc());
  // Whoever asks for health has no key, so addresses are what is counted.
  if (!place_.Take(places_, HostOf(context_.peer()))) {
    Finish(LimitReached(StrCat("the server has at most ", places_->all(),
                               " Health.Watch calls (limits.max_health_watches), and ",
                               places_->each(),
                               " from one address; end some, or ask with Health.Check")));
    return;
  }
  Look();
}

void HealthWatchCall::Look() {
  if (gone_.load(std::memory_order_relaxed)) {
    Finish(CallerGone("the caller is gone"));
    return;
  }
  const std::optional<bool> serves = board_->Serves(request_.service());
  Response::ServingStatus now = Response::SERVICE_UNKNOWN;
  if (serves.has_value()) now = *serves ? Response::SERVING : Response::NOT_SERVING;
  if (now != response_.status()) {
    response_.set_status(now);
    stream_.Write(response_, on_write_.tag());
  } else if (rpc().stop->stopping()) {
    Finish(Stopping());
  } else {
    alarm_.Set(rpc().queue, std::chrono::system_clock::now() + kInterval, on_time_.tag());
  }
}

void HealthWatchCall::OnTime(bool /*ok*/) { Look(); }

void HealthWatchCall::OnWrite(bool ok) {
  if (ok) {
    Look();
  } else {
    Finish(CallerGone("the caller is gone"));
  }
}

void HealthWatchCall::Finish(const absl::Status& status) {
  rpc().metrics->CountCall(Method::kHealthWatch, status.code());
  stream_.Finish(ToGrpcStatus(status), on_finish_.tag());
}

void HealthWatchCall::OnFinish(bool /*ok*/) {
  if (ends_.Arrive()) delete this;
}

void HealthWatchCall::OnDone(bool /*ok*/) {
  gone_.store(true, std::memory_order_relaxed);
  if (ends_.Arrive()) delete this;
}

}  // namespace dnc
