#include "server/base/listen_address.h"

#include <charconv>
#include <string_view>
#include <system_error>

namespace dnc {
namespace {
constexpr std::string_view kUnixScheme = "unix:";
}  // namespace

bool IsUnixAddress(const std::string& address) {
  constexpr size_t kMaxPathBytes = 100;  // Linux has room for 107
  if (address.rfind(kUnixScheme, 0) != 0) return false;
  const std::string path = UnixPathOf(address);
  return path.size() > 1 && path.size() <= kMaxPathBytes && path.front() == '/';
}

std::string UnixPathOf(const std::string& address) { return address.substr(kUnixScheme.size()); }

bool IsListenAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  const std::string host = address.substr(0, colon);
  const bool bracketed = host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find_first_of(":/ ") != std::string::npos) return false;
  int port = -1;
  const char* const end = address.data() + address.size();
  const auto [stop, error] = std::from_chars(address.data() + colon + 1, end, port);
  return error == std::errc() && stop == end && port >= 0 && port <= 65535;
}

bool IsLoopback(const std::string& address) {
  if (IsUnixAddress(address)) return true;
  const std::string host = address.substr(0, address.rfind(':'));
  return host == "localhost" || host == "[::1]" || host.rfind("127.", 0) == 0;
}

}  // namespace dnc
