// /v1: the contract by HTTP and JSON. Every method with one request and one answer is here, by the
// table that gRPC has it from, at the path that google.api.http gives it in the protos.
#pragma once

#include <string_view>

#include "server/http/http_context.h"
#include "server/http/router.h"
#include "server/rpc/method_table.h"

namespace dnc {

// Adds a route for each method of the table that has a rule, and `/v1/openapi.json`, which
// everybody may read. All that is given must outlive the router.
void AddRestRoutes(const HttpContext* context, const MethodTable* methods, Router* router);

// The document at /v1/openapi.json, made of the protos when the server was built.
std::string_view OpenApiDocument();

}  // namespace dnc
