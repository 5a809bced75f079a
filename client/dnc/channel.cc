#include "dnc/channel.h"

#include <algorithm>
#include <cstdint>

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace dnc {

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target, absl::Duration patience) {
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
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace dnc
