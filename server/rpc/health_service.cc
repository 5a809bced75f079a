#include "server/rpc/health_service.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "grpc/health/v1/health.pb.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/rpc/unary_call.h"
#include "server/rpc/woken_stream.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {

namespace health = grpc::health::v1;
using HealthStatus = health::HealthCheckResponse::ServingStatus;

HealthStatus StatusOf(bool serves) {
  return serves ? health::HealthCheckResponse::SERVING : health::HealthCheckResponse::NOT_SERVING;
}

// Health.Watch: tells whether a service serves, at once and at every change.
class HealthWatchCall final
    : public WokenCall<health::HealthCheckRequest, health::HealthCheckResponse> {
 public:
  HealthWatchCall(const RpcContext& rpc, const HealthBoard* board, StreamPlaces* places,
                  CallPtr call)
      : WokenCall(rpc, Topic::kHealth, Method::kHealthWatch, LookOn::kAnyThread, std::move(call)),
        board_(*board),
        places_(*places) {}

  void OnWritten() override { LookSoon(); }

 private:
  absl::Status Begin() override {
    // Whoever asks for health has no key, so addresses are what is counted.
    if (place_.Take(&places_, HostOf(call().peer()))) {
      return ReadMessage(kMaxSmallBytes, &request_);
    }
    return LimitReached(StrCat("the server has at most ", places_.all(),
                               " Health.Watch calls (limits.max_health_watches), and ",
                               places_.each(),
                               " from one address; end some, or ask with Health.Check"));
  }

  void Look() override {
    const std::optional<bool> serves = board_.Serves(request_.service());
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

  // It looks also when the server stops: that nothing serves any more is told before the end.
  void Woken() override { LookSoon(); }

  const HealthBoard& board_;
  StreamPlaces& places_;
  StreamPlace place_;
};

}  // namespace

HealthService::HealthService(const HealthBoard* board, int max_watches)
    : board_(board), watches_(max_watches, std::max(1, max_watches / 2)) {}

void HealthService::AddTo(MethodTable* table) {
  UnaryMethod<health::HealthCheckRequest, health::HealthCheckResponse> check{
      Method::kHealthCheck, Permission::kOpen,
      [board = board_](const Caller&, const health::HealthCheckRequest& request,
                       health::HealthCheckResponse* response) {
        const std::optional<bool> serves = board->Serves(request.service());
        if (!serves.has_value()) {
          return Error(reason::kNotFound, "this server has no service of that name");
        }
        response->set_status(StatusOf(*serves));
        return absl::OkStatus();
      }};
  check.on_loop = true;
  AddUnary(table, "/grpc.health.v1.Health/Check", std::move(check));
  table->AddCall<HealthWatchCall>("/grpc.health.v1.Health/Watch", Permission::kOpen, board_,
                                  &watches_);
}

}  // namespace dnc
