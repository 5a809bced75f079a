#include "server/rpc/health_service.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/rpc/error_status.h"
#include "server/rpc/streams.h"

namespace dnc {
namespace {

namespace health = grpc::health::v1;
using HealthStatus = health::HealthCheckResponse::ServingStatus;

HealthStatus StatusOf(bool serves) {
  return serves ? health::HealthCheckResponse::SERVING : health::HealthCheckResponse::NOT_SERVING;
}

// The address without its port, from gRPC's text: `ipv4:127.0.0.1:50000`.
std::string HostOf(const std::string& peer) {
  return absl::StartsWith(peer, "ip") ? peer.substr(0, peer.rfind(':')) : peer;
}

// Health.Watch: tells whether a service serves, at once and at every change.
class HealthWatchCall final
    : public WokenCall<health::HealthCheckRequest, health::HealthCheckResponse> {
 public:
  static void Arm(health::Health::AsyncService* service, const HealthBoard* board,
                  StreamPlaces* places, const RpcContext& rpc) {
    auto* call = new HealthWatchCall(service, board, places, rpc);
    call->WaitForCaller(service, &health::Health::AsyncService::RequestWatch);
  }

 private:
  HealthWatchCall(health::Health::AsyncService* service, const HealthBoard* board,
                  StreamPlaces* places, const RpcContext& rpc)
      : WokenCall(rpc, Topic::kHealth, Method::kHealthWatch, LookOn::kAnyThread, Silence::kAllowed),
        service_(service),
        board_(board),
        places_(places) {}

  void ArmNext() override { Arm(service_, board_, places_, rpc()); }

  absl::Status Begin() override {
    // Whoever asks for health has no key, so addresses are what is counted.
    if (place_.Take(places_, HostOf(PeerOf(context())))) return absl::OkStatus();
    return LimitReached(StrCat("the server has at most ", places_->all(),
                               " Health.Watch calls (limits.max_health_watches), and ",
                               places_->each(),
                               " from one address; end some, or ask with Health.Check"));
  }

  void Look() override {
    const std::optional<bool> serves = board_->Serves(request_.service());
    const HealthStatus now =
        serves.has_value() ? StatusOf(*serves) : health::HealthCheckResponse::SERVICE_UNKNOWN;
    if (now != response_.status()) {
      response_.set_status(now);
      Write();
    } else if (rpc().stop->stopping()) {
      Finish(Stopping());
    } else {
      SleepUntil(Waker::kNever);
    }
  }

  void OnWritten() override { LookSoon(); }
  // It looks also when the server stops: that nothing serves any more is told before the end.
  void Woken() override { LookSoon(); }

  health::Health::AsyncService* const service_;
  const HealthBoard* const board_;
  StreamPlaces* const places_;
  StreamPlace place_;
};

}  // namespace

HealthService::HealthService(const HealthBoard* board, int max_watches)
    : board_(board), watches_(max_watches, std::max(1, max_watches / 2)) {
  methods_.AddOnQueue<health::HealthCheckRequest, health::HealthCheckResponse>(
      &service_, Method::kHealthCheck, Permission::kOpen,
      &health::Health::AsyncService::RequestCheck,
      [board](const Caller&, const health::HealthCheckRequest& request,
              health::HealthCheckResponse* response) {
        const std::optional<bool> serves = board->Serves(request.service());
        if (!serves.has_value()) {
          return Error(reason::kNotFound, "this server has no service of that name");
        }
        response->set_status(StatusOf(*serves));
        return absl::OkStatus();
      });
}

void HealthService::Arm(const RpcContext& rpc, int calls) {
  for (int i = 0; i < calls; ++i) {
    methods_.Arm(rpc);
    HealthWatchCall::Arm(&service_, board_, &watches_, rpc);
  }
}

}  // namespace dnc
