#include "server/http/http_access.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr std::string_view kScheme = "Bearer ";

absl::Status Refused(std::string_view why) { return Error(reason::kUnauthenticated, why); }

// `127.0.0.1:8061` without `:8061`.
std::string_view WithoutPort(std::string_view host) {
  const size_t colon = host.rfind(':');
  const size_t bracket = host.rfind(']');
  if (colon == std::string_view::npos) return host;
  if (bracket != std::string_view::npos && bracket > colon) return host;
  if (host.find_first_not_of("0123456789", colon + 1) != std::string_view::npos) return host;
  return host.substr(0, colon);
}

// 127.0.0.0/8, written as four numbers.
bool IsLoopbackV4(std::string_view host) {
  int parts = 0;
  while (true) {
    const size_t dot = host.find('.');
    const std::string_view part = host.substr(0, dot);
    int value = 0;
    const bool digits = !part.empty() && part.size() <= 3 &&
                        part.find_first_not_of("0123456789") == std::string_view::npos;
    if (!digits || !absl::SimpleAtoi(ToAbsl(part), &value) || value > 255) return false;
    if (parts == 0 && value != 127) return false;
    ++parts;
    if (dot == std::string_view::npos) return parts == 4;
    host.remove_prefix(dot + 1);
  }
}

bool IsLoopbackHost(std::string_view host) {
  const std::string_view name = WithoutPort(host);
  return absl::EqualsIgnoreCase(ToAbsl(name), "localhost") || name == "[::1]" || IsLoopbackV4(name);
}

absl::Status CheckOnce(const HttpRequest& head, std::string_view name) {
  if (head.CountOf(name) <= 1) return absl::OkStatus();
  return Refused(StrCat("the request has the header ", name, " more than once; send it once"));
}

// Whether a browser says that another site's page has sent it. Following a link to a page that is
// open to all is no call of that site's: it sees nothing of the page.
bool IsFromForeignSite(const HttpRequest& head, Permission permission) {
  if (permission == Permission::kOpen && head.method == "GET" &&
      head.Header("sec-fetch-mode") == "navigate") {
    return false;
  }
  return std::any_of(head.headers.begin(), head.headers.end(), [](const HttpField& field) {
    return field.name == "sec-fetch-site" && field.value != "same-origin" && field.value != "none";
  });
}

// Whether only proxies send a field of this name (in lower case).
bool IsOfProxies(std::string_view name) {
  return name == "forwarded" || name == "via" || name == "x-real-ip" ||
         absl::StartsWith(ToAbsl(name), "x-forwarded-");
}

// Refuses what pages of a browser or a proxy may have sent in somebody's stead.
absl::Status CheckLocal(const HttpRequest& head, Permission permission) {
  constexpr std::string_view kRemedy =
      "; a server without keys answers this machine's own programs alone. Make a key with `dncd "
      "--data-dir DIR --create-operator-key` while the server is stopped, and send it as "
      "`authorization: Bearer dnck_...`";
  const std::string_view host = head.Header("host").value_or("");
  if (!IsLoopbackHost(host)) {
    return Refused(StrCat(
        "the request is addressed to a host that is not localhost, 127.0.0.1 or [::1]", kRemedy));
  }
  if (HasForeignOrigin(head) || IsFromForeignSite(head, permission)) {
    return Refused(StrCat("the request comes from a page of another origin", kRemedy));
  }
  for (const HttpField& field : head.headers) {
    if (IsOfProxies(field.name)) {
      return Refused(StrCat("the request was forwarded by a proxy", kRemedy));
    }
  }
  return absl::OkStatus();
}

// The value of `authorization` for a request that brings its key in one place or another; nothing
// if it has none.
absl::StatusOr<std::optional<std::string>> KeyOf(const HttpRequest& head,
                                                 std::optional<std::string_view> key) {
  const std::optional<std::string_view> authorization = head.Header("authorization");
  if (!key.has_value() || key->empty()) {
    if (!authorization.has_value()) return std::nullopt;
    return std::string(*authorization);
  }
  std::string other = StrCat(kScheme, *key);
  if (authorization.has_value() && *authorization != other) {
    return Refused(
        "the request brings one key in `authorization` and another one elsewhere; send one");
  }
  return other;
}

}  // namespace

bool HasForeignOrigin(const HttpRequest& head) {
  if (head.CountOf("origin") == 0) return false;
  const std::optional<std::string_view> origin = head.Header("origin");
  const std::optional<std::string_view> host = head.Header("host");
  if (!origin.has_value() || !host.has_value()) return true;
  for (const auto& [scheme, port] :
       {std::pair<std::string_view, std::string_view>{"http://", ":80"}, {"https://", ":443"}}) {
    if (!absl::StartsWithIgnoreCase(ToAbsl(*origin), ToAbsl(scheme))) continue;
    const std::string_view from = origin->substr(scheme.size());
    const auto full = [port = port](std::string_view name) {
      return absl::AsciiStrToLower(WithoutPort(name).size() == name.size() ? StrCat(name, port)
                                                                           : std::string(name));
    };
    return full(from) != full(*host);
  }
  return true;
}

absl::StatusOr<Caller> HttpAccess::Admit(const HttpRequest& head,
                                         std::optional<std::string_view> key,
                                         Permission permission) const {
  DNC_RETURN_IF_ERROR(CheckOnce(head, "authorization"));
  DNC_RETURN_IF_ERROR(CheckOnce(head, "dnc-tenant"));
  DNC_ASSIGN_OR_RETURN(const std::optional<std::string> authorization, KeyOf(head, key));
  const bool keyless = !authorization.has_value();
  // What is open to all is checked whatever key comes with it, because nobody looks at that key.
  if (!keys_required_ && (keyless || permission == Permission::kOpen)) {
    DNC_RETURN_IF_ERROR(CheckLocal(head, permission));
  }
  if (keyless && !keys_required_ && permission != Permission::kOpen &&
      permission != Permission::kScrub) {
    return Refused(
        "this needs an operator's key, on this machine too: make one with `dncd --data-dir DIR "
        "--create-operator-key` while the server is stopped, and send it as `authorization: "
        "Bearer dnck_...`");
  }
  Credentials credentials;
  if (!keyless) credentials.authorization = *authorization;
  credentials.tenant = head.Header("dnc-tenant");
  DNC_ASSIGN_OR_RETURN(Caller caller, authorizer_.Admit(credentials, permission));
  // A page in a browser may scrub, and is no operator.
  if (keyless) caller.scopes &= static_cast<uint8_t>(~(1U << static_cast<int>(KeyScope::kOperate)));
  return caller;
}

absl::Status HttpAccess::AdmitWatcher(const HttpRequest& head) const {
  const bool keyless = head.CountOf("authorization") == 0;
  // Without a key, scrubs are what this machine's programs are admitted to.
  return Admit(head, {}, keyless && !keys_required_ ? Permission::kScrub : Permission::kOperate)
      .status();
}

}  // namespace dnc
