#include "tools/dncload/target.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "dnc/channel.h"
#include "dnc/rpc_status.h"
#include "dnc/v1/registry_service.grpc.pb.h"
#include "fmt/format.h"
#include "grpcpp/create_channel.h"
#include "server/base/status_macros.h"

namespace dnc::load {

absl::StatusOr<Target> Target::Make(const TargetOptions& options) {
  TargetOptions checked = options;
  DNC_RETURN_IF_ERROR(cli::CheckServerOptions(&checked));
  Target target(std::move(checked));
  DNC_ASSIGN_OR_RETURN(target.transport_, MakeTransport(options.tls));
  return target;
}

std::shared_ptr<grpc::Channel> Target::MakeChannel(int index) const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt("dncload.channel", index);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // a retry would hide an error and its time
  arguments.SetMaxReceiveMessageSize(64 << 20);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // This does what dnc::MakeChannel does: gRPC ends a call only when what it was writing has gone
  // out, and would wait without limit for a peer that hangs. It sets TCP_USER_TIMEOUT, but only
  // where pings are on.
  constexpr int kNoPings = 24 * 3600 * 1000;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kNoPings);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   static_cast<int>(std::clamp(options_.timeout * 1000, 1000.0, double{kNoPings})));
  if (IsHere()) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!transport_.server_name.empty()) arguments.SetSslTargetNameOverride(transport_.server_name);
  return grpc::CreateCustomChannel(options_.server, transport_.credentials, arguments);
}

void Target::Identify(grpc::ClientContext* context) const {
  if (!options_.key.empty()) context->AddMetadata("authorization", "Bearer " + options_.key);
  if (!options_.tenant.empty()) context->AddMetadata("dnc-tenant", options_.tenant);
}

absl::StatusOr<v1::GetStatusResponse> Target::Status(double timeout_seconds) const {
  const auto stub = v1::RegistryService::NewStub(MakeChannel(-1));
  grpc::ClientContext context;
  context.set_deadline(
      std::chrono::system_clock::now() +
      std::chrono::microseconds(static_cast<int64_t>(timeout_seconds * 1'000'000)));
  if (!options_.key.empty()) context.AddMetadata("authorization", "Bearer " + options_.key);
  v1::GetStatusResponse response;
  const absl::Status status = FromGrpcStatus(stub->GetStatus(&context, {}, &response));
  if (!status.ok()) return status;
  return response;
}

absl::Status Target::Unreachable(const std::string& why) const {
  return absl::UnavailableError(
      fmt::format("no connection to {}{}{}{}; is dncd running there? Name another with --server or "
                  "DNC_SERVER{}",
                  options_.server, tls() ? " by TLS" : "", why.empty() ? "" : ": ", why,
                  ProxyHint(options_.server)));
}

bool Target::IsHere() const { return IsLocal(options_.server); }

}  // namespace dnc::load
