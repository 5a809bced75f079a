#include "server/assembly/http_door.h"

#include <optional>
#include <string>
#include <utility>

#include "server/base/error.h"
#include "server/base/log_line.h"
#include "server/dialer/dialer_scrub.h"
#include "server/http/console_pages.h"
#include "server/http/form_fields.h"
#include "server/http/http_access.h"
#include "server/http/http_context.h"
#include "server/http/router.h"
#include "server/rest/mcp_routes.h"
#include "server/rest/rest_routes.h"

namespace dnc {
namespace {

// What the front refers to, so it goes after it.
struct Door {
  explicit Door(const HttpDoorParts& parts)
      : access(parts.server.rpc->authorizer, parts.keys_required),
        context{parts.server.rpc, &access, parts.server.decider} {}

  const HttpAccess access;
  const HttpContext context;
  Router router;
  std::unique_ptr<HttpFront> front;
};

void AddAllRoutes(const HttpContext* context, const HttpOptions& options,
                  const HttpDoorParts& parts, Router* router) {
  parts.pages->AddTo(context->access, router);
  AddDialerScrub(context, options, router);
  AddConsoleRoutes(context, router);
  AddRestRoutes(context, parts.server.methods, router);
  AddMcpRoutes(context, parts.server.methods, parts.version, router);
}

}  // namespace

absl::StatusOr<std::shared_ptr<HttpFront>> OpenHttpDoor(const HttpOptions& options,
                                                        const HttpDoorParts& parts) {
  if (options.listen.empty()) return nullptr;
  const auto door = std::make_shared<Door>(parts);
  AddAllRoutes(&door->context, options, parts, &door->router);
  HttpFrontParts front_parts;
  front_parts.loops = parts.server.loops;
  front_parts.router = &door->router;
  front_parts.metrics = parts.metrics;
  front_parts.live = parts.server.rpc->live;
  front_parts.tls = parts.tls;
  front_parts.is_known = [access = &door->access](const HttpRequest& head) {
    // Dialers send their key in the query, too.
    FormFields query;
    std::optional<std::string_view> key = head.Header("loginid");
    if (!key.has_value() && ReadUrlEncoded(head.query, &query).ok()) key = query.Get("loginId");
    return access->Admit(head, key, Permission::kScrub).ok();
  };
  auto front = HttpFront::Open(options.listen, options, std::move(front_parts));
  if (!front.ok()) {
    const absl::Status why = WithPrefix(front.status(), "http.listen");
    if (options.listen != HttpOptions().listen) return why;
    LogWarn("{}; going on without HTTP", std::string(why.message()));
    return nullptr;
  }
  door->front = *std::move(front);
  door->front->Start();
  return std::shared_ptr<HttpFront>(door, door->front.get());
}

}  // namespace dnc
