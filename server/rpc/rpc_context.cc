#include "server/rpc/rpc_context.h"

#include <chrono>
#include <optional>
#include <string_view>
#include <thread>

#include "grpc/support/time.h"
#include "server/service/revision_wait.h"

namespace dnc {

void LiveCalls::WaitUntilNone(const std::function<void()>& meanwhile) const {
  while (!count_.WasNone()) {
    meanwhile();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

Credentials CredentialsOf(const grpc::ServerContextBase& context) {
  constexpr size_t kEachEntry = 32;  // RFC 9113, 6.5.2
  Credentials credentials;
  // Of a name that comes twice, the first value counts.
  const auto take = [](const grpc::string_ref& value, std::optional<std::string_view>* out) {
    if (!out->has_value()) *out = std::string_view(value.data(), value.size());
  };
  for (const auto& [key, value] : context.client_metadata()) {
    if (key == kRelayedPeer) continue;
    credentials.metadata_bytes += key.size() + value.size() + kEachEntry;
    if (key == "authorization") take(value, &credentials.authorization);
    if (key == "dnc-tenant") take(value, &credentials.tenant);
  }
  return credentials;
}

absl::Status Call::ReachRevision(uint64_t revision, absl::Time deadline,
                                 const Credentials& credentials, Permission permission,
                                 Caller* caller) const {
  if (caller->revision >= revision) return absl::OkStatus();
  return rpc_.revisions->Reach(revision, deadline, credentials, permission, caller);
}

absl::Status Call::ReachRevision(uint64_t revision, const grpc::ServerContext& context,
                                 Permission permission, Caller* caller) const {
  return ReachRevision(revision, DeadlineOf(context), CredentialsOf(context), permission, caller);
}

std::string PeerOf(const grpc::ServerContextBase& context) {
  // Nobody else reaches this server within the process.
  if (const std::string peer = context.peer(); !peer.starts_with("inproc")) return peer;
  const auto found = context.client_metadata().find(kRelayedPeer);
  if (found == context.client_metadata().end()) return "inproc";
  return {found->second.data(), found->second.size()};
}

absl::Time DeadlineOf(const grpc::ServerContext& context) {
  // ServerContext::deadline() counts nanoseconds in 64 bits, and takes what lies beyond 2262 for a
  // time long ago.
  const gpr_timespec deadline = gpr_convert_clock_type(context.raw_deadline(), GPR_CLOCK_REALTIME);
  if (gpr_time_cmp(deadline, gpr_inf_future(GPR_CLOCK_REALTIME)) == 0) {
    return absl::InfiniteFuture();
  }
  return absl::FromUnixSeconds(deadline.tv_sec) + absl::Nanoseconds(deadline.tv_nsec);
}

}  // namespace dnc
