// Serves the console: a page at `/` and its files below `/console/`. All it shows it asks of /v1.
#pragma once

#include <string>

#include "server/http/http_context.h"
#include "server/http/router.h"

namespace dnc {

// Adds `GET /` and a route for each file. The files are the same for everybody and need no key. A
// browser keeps them and asks each time whether they are still the same (ETag). `context` must
// outlive the router.
void AddConsoleRoutes(const HttpContext* context, Router* router);

// The module `area-codes.js`: which area codes are in service, each with its state, as
// server/rules/area_codes.h has them.
std::string AreaCodesModule();

}  // namespace dnc
