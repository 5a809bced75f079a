// Decides who calls by HTTP, and what callers without a key may do.
//
// Any page in a browser can send requests to loopback, and behind a reverse proxy everybody comes
// from there. So on a server without keys a caller without one is not the operator here: it may
// scrub, check numbers and look at health, and only if the request is addressed to loopback by
// name, comes from no foreign page, and was not forwarded. Not every proxy says that it forwards:
// nginx's plain `proxy_pass` adds no header and writes its own `Host`. So behind a reverse proxy
// the server must ask for keys.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/http/http_message.h"
#include "server/service/authorizer.h"

namespace dnc {

// Whether the request comes from a page of another origin than the host that it is addressed to.
bool HasForeignOrigin(const HttpRequest& head);

// Thread-safe.
class HttpAccess {
 public:
  // `authorizer` must outlive this. `keys_required`: of every caller, as on a server that listens
  // on more than loopback.
  HttpAccess(const Authorizer* authorizer, bool keys_required)
      : authorizer_(*authorizer), keys_required_(keys_required) {}

  // The caller as of now. `key`: one that came elsewhere than in the header `authorization`, such
  // as `loginId`; a request that brings two different ones is refused. The header `dnc-tenant`
  // names whom an operator acts as. Errors as Authorizer::Admit; UNAUTHENTICATED with the command
  // that makes a key, for what needs one.
  absl::StatusOr<Caller> Admit(const HttpRequest& head, std::optional<std::string_view> key,
                               Permission permission) const;
  // Whether the caller may read what concerns the whole server: the operator, and on a server
  // without keys this machine's own programs.
  absl::Status AdmitWatcher(const HttpRequest& head) const;

 private:
  const Authorizer& authorizer_;
  const bool keys_required_;
};

}  // namespace dnc
