#include "dnc/channel.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "grpcpp/support/client_interceptor.h"

namespace dnc {

namespace {

// Adds the identity to the metadata of each call. Call credentials would need TLS, which a server
// on loopback does not need.
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

bool IsUnix(const std::string& target) {
  return absl::StartsWith(target, "unix:") || absl::StartsWith(target, "unix-abstract:");
}

// Returns the addresses of a target, at least one: `ipv4:127.0.0.1:1,127.0.0.1:2` has two.
std::vector<std::string> PartsOf(const std::string& target) {
  std::string rest = target;
  for (const char* const scheme : {"dns:", "ipv4:", "ipv6:"}) {
    if (absl::StartsWith(rest, scheme)) rest.erase(0, std::strlen(scheme));
  }
  // This handles dns://authority/host:port.
  if (absl::StartsWith(rest, "//")) rest.erase(0, std::min(rest.size(), rest.find('/', 2) + 1));
  return absl::StrSplit(rest, ',');
}

std::vector<std::string> HostsOf(const std::string& target) {
  std::vector<std::string> hosts;
  for (std::string& host : PartsOf(target)) {
    if (absl::StartsWith(host, "[")) {
      host = host.substr(1, host.find(']') - 1);
    } else if (std::count(host.begin(), host.end(), ':') == 1) {
      host.erase(host.find(':'));
    }
    hosts.push_back(std::move(host));
  }
  return hosts;
}

bool IsLoopbackHost(const std::string& host) {
  in_addr four{};
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  if (inet_pton(AF_INET6, host.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six);
  return absl::EqualsIgnoreCase(host, "localhost") || absl::EndsWithIgnoreCase(host, ".localhost");
}

// Returns whether no_grpc_proxy or, without that, no_proxy names the host, as gRPC reads them.
bool IsExempt(const std::string& host) {
  const char* exempt = std::getenv("no_grpc_proxy");
  if (exempt == nullptr) exempt = std::getenv("no_proxy");
  if (exempt == nullptr) return false;
  for (const absl::string_view entry : absl::StrSplit(exempt, ',', absl::SkipEmpty())) {
    if (absl::EndsWithIgnoreCase(host, absl::StripAsciiWhitespace(entry))) return true;
  }
  return false;
}

}  // namespace

std::string Trimmed(const std::string& text) {
  return std::string(absl::StripAsciiWhitespace(text));
}

absl::StatusOr<Identity> CheckIdentity(const Identity& identity) {
  Identity trimmed{Trimmed(identity.api_key), Trimmed(identity.tenant)};
  const auto has = [](const std::string& text, int lowest) {
    return std::any_of(text.begin(), text.end(), [lowest](char c) {
      return static_cast<unsigned char>(c) < lowest || static_cast<unsigned char>(c) > '~';
    });
  };
  if (has(trimmed.api_key, '!')) {
    return absl::InvalidArgumentError(
        "the API key holds white space or bytes that no key has; give the one line that begins "
        "with dnck_, as it was told when the key was made");
  }
  if (has(trimmed.tenant, ' ')) {
    return absl::InvalidArgumentError(
        "the tenant's name holds bytes that no tenant's name has; give it as `dncctl tenants` "
        "shows it");
  }
  return trimmed;
}

absl::StatusOr<std::string> CheckTarget(const std::string& target) {
  std::string trimmed = Trimmed(target);
  if (trimmed.empty()) return absl::InvalidArgumentError("the target is empty; give HOST:PORT");
  // A path may contain blanks.
  const int lowest = IsUnix(trimmed) ? ' ' : '!';
  if (std::any_of(trimmed.begin(), trimmed.end(), [lowest](char c) {
        return static_cast<unsigned char>(c) < lowest || c == '\x7F';
      })) {
    return absl::InvalidArgumentError(
        "the target holds white space or control characters; give HOST:PORT or unix:/PATH");
  }
  for (const char* const scheme : {"http://", "https://"}) {
    if (absl::StartsWithIgnoreCase(trimmed, scheme)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the target begins with ", scheme, "; give HOST:PORT alone, and ask for TLS beside it"));
    }
  }
  return trimmed;
}

std::vector<std::string> AddressesOf(const std::string& target) {
  std::vector<std::string> addresses = PartsOf(target);
  for (std::string& address : addresses) {
    const bool six = std::count(address.begin(), address.end(), ':') > 1;
    if (six && !absl::StartsWith(address, "[")) address = absl::StrCat("[", address, "]");
    const size_t colon = address.rfind(':');
    const bool port = colon != std::string::npos && (!six || address[colon - 1] == ']');
    if (!port) address += ":443";
  }
  return addresses;
}

bool NamesSeveral(const std::string& target) {
  // gRPC decodes percent signs in its names.
  return !IsUnix(target) && (absl::StrContains(target, ',') ||
                             absl::StrContains(absl::AsciiStrToLower(target), "%2c"));
}

bool IsLocal(const std::string& target) {
  if (IsUnix(target)) return true;
  const std::vector<std::string> hosts = HostsOf(target);
  return std::all_of(hosts.begin(), hosts.end(), &IsLoopbackHost);
}

std::string ProxyVariable(const std::string& target) {
  if (IsLocal(target)) return {};
  // The first variable that is set counts, in gRPC's order.
  for (const char* const name : {"grpc_proxy", "https_proxy", "http_proxy"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return IsExempt(HostsOf(target).front()) ? std::string() : std::string(name);
  }
  return {};
}

std::string ProxyHint(const std::string& target) {
  const std::string variable = ProxyVariable(target);
  if (variable.empty()) return {};
  return absl::StrCat("; the connection goes through the proxy that the environment's ", variable,
                      " names: if it should not, set no_proxy to the server's host");
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& target,
                                                           absl::Duration patience,
                                                           const Identity& identity,
                                                           const Transport& transport) {
  const absl::StatusOr<std::string> checked_target = CheckTarget(target);
  if (!checked_target.ok()) return checked_target.status();
  const absl::StatusOr<Identity> checked = CheckIdentity(identity);
  if (!checked.ok()) return checked.status();
  constexpr int kPingEach = 30 * 1000;
  constexpr int kMaxPatience = 24 * 3600 * 1000;
  constexpr int kMaxMessageBytes = 64 << 20;  // 10,000 numbers in full detail are a few MiB
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // This is how long an attempt to connect may take, not a pause: a far server needs several round
  // trips.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingEach);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // This bounds the answer to a ping and, by TCP_USER_TIMEOUT, whatever is sent.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   static_cast<int>(std::clamp<int64_t>(absl::ToInt64Milliseconds(patience), 100,
                                                        kMaxPatience)));
  if (!transport.shared) arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (IsLocal(*checked_target)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // dnc::Connection retries, and counts the attempts
  if (!transport.server_name.empty()) arguments.SetSslTargetNameOverride(transport.server_name);
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> interceptors;
  if (!checked->api_key.empty() || !checked->tenant.empty()) {
    interceptors.push_back(std::make_unique<IdentityFactory>(*checked));
  }
  return grpc::experimental::CreateCustomChannelWithInterceptors(
      *checked_target, transport.credentials, arguments, std::move(interceptors));
}

}  // namespace dnc
