#include "dnc/channel.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "grpcpp/support/client_interceptor.h"

namespace dnc {

namespace {

// Adds the identity to the metadata of each call. Call credentials would need TLS, which a server
// on loopback has no use for.
class IdentityInterceptor final : public grpc::experimental::Interceptor {
 public:
  explicit IdentityInterceptor(const Identity& identity) : identity_(identity) {}
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            grpc::experimental::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      auto* metadata = methods->GetSendInitialMetadata();
      if (!identity_.api_key.empty()) {
        metadata->insert({"authorization", "Bearer " + identity_.api_key});
      }
      if (!identity_.tenant.empty()) metadata->insert({"dnc-tenant", identity_.tenant});
    }
    methods->Proceed();
  }

 private:
  const Identity& identity_;
};

class IdentityFactory final : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit IdentityFactory(Identity identity) : identity_(std::move(identity)) {}
  grpc::experimental::Interceptor* CreateClientInterceptor(
      grpc::experimental::ClientRpcInfo* /*info*/) override {
    return new IdentityInterceptor(identity_);  // gRPC deletes it
  }

 private:
  const Identity identity_;
};

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target, absl::Duration patience,
                                           const Identity& identity, const Transport& transport) {
  constexpr int kNoPings = 24 * 3600 * 1000;  // the server minds pings more often than in 5 minutes
  constexpr int kMaxMessageBytes = 64 << 20;  // 10,000 numbers in full detail are a few MiB
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // What an attempt to connect may take, not a pause: a far server needs several round trips.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  // Sets TCP_USER_TIMEOUT, but only where pings are on.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kNoPings);
  arguments.SetInt(
      GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
      static_cast<int>(std::clamp<int64_t>(absl::ToInt64Milliseconds(patience), 100, kNoPings)));
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // dnc::Connection retries, and counts
  if (!transport.server_name.empty()) arguments.SetSslTargetNameOverride(transport.server_name);
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> interceptors;
  if (!identity.api_key.empty() || !identity.tenant.empty()) {
    interceptors.push_back(std::make_unique<IdentityFactory>(identity));
  }
  return grpc::experimental::CreateCustomChannelWithInterceptors(
      target, transport.credentials, arguments, std::move(interceptors));
}

}  // namespace dnc
