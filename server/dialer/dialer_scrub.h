// `/app/main/rpc/scrub`: the call by which dialers have numbers scrubbed by hosted services, so
// that this server can take their place by one changed setting. docs/dialers.md tells dialers'
// people about it.
#pragma once

#include "server/http/http_context.h"
#include "server/http/http_options.h"
#include "server/http/router.h"

namespace dnc {

// Adds GET and POST. `context` must outlive the router.
void AddDialerScrub(const HttpContext* context, const HttpOptions& options, Router* router);

}  // namespace dnc
