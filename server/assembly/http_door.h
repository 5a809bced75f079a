// Puts the HTTP front together: who may call, the routes of all parts, the listener.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/metrics.h"
#include "server/http/http_front.h"
#include "server/http/http_options.h"
#include "server/http/status_pages.h"
#include "server/rpc/front.h"
#include "server/wire/tls_context.h"

namespace dnc {

// What the door opens onto; all of it outlives the door.
struct HttpDoorParts {
  FrontParts server;
  StatusPages* pages = nullptr;
  Metrics* metrics = nullptr;
  const TlsContext* tls = nullptr;  // null: plain text
  bool keys_required = false;       // of every caller but health's
  std::string version;              // the server's
};

// Listens on options.listen, and serves when it returns; Server::AddFront has it end with the
// server. Null if HTTP is turned off, or if the default address is taken, which is only told: HTTP
// was not asked for then. Errors: UNAVAILABLE if another address can't be listened on.
absl::StatusOr<std::shared_ptr<HttpFront>> OpenHttpDoor(const HttpOptions& options,
                                                        const HttpDoorParts& parts);

}  // namespace dnc
