#include "server/rpc/health_service.h"

#include <algorithm>

#include "server/base/error.h"
#include "server/rpc/health_watch_call.h"

namespace dnc {

std::optional<bool> HealthBoard::Serves(const std::string& service) const {
  const std::lock_guard lock(mutex_);
  const auto found = serves_.find(service);
  if (found == serves_.end()) return std::nullopt;
  return found->second;
}

void HealthBoard::Set(std::string_view service, bool serves) {
  const std::lock_guard lock(mutex_);
  if (!closed_) serves_[std::string(service)] = serves;
}

void HealthBoard::SetNothingServes() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (auto& [service, serves] : serves_) serves = false;
}

HealthService::HealthService(int max_watches)
    : watches_(max_watches, std::max(1, max_watches / 2)),
      check_{Method::kHealthCheck,
             [this](auto* context, auto* request, auto* writer, auto* queue, void* tag) {
               service_.RequestCheck(context, request, writer, queue, queue, tag);
             },
             Permission::kOpen,
             [this](const Caller& /*caller*/, const Request& request, Response* response) {
               const std::optional<bool> serves = board_.Serves(request.service());
               if (!serves.has_value()) {
                 return Error(reason::kNotFound, "this server has no service of that name");
               }
               response->set_status(*serves ? Response::SERVING : Response::NOT_SERVING);
               return absl::OkStatus();
             },
             [](const Request& /*request*/) { return true; }} {}

void HealthService::Arm(const RpcContext& rpc, int calls) {
  for (int i = 0; i < calls; ++i) {
    UnaryCall<Request, Response>::Arm(check_, rpc);
    HealthWatchCall::Arm(&service_, &board_, &watches_, rpc);
  }
}

}  // namespace dnc
