// /mcp: the server as tools for agents, by the Model Context Protocol over Streamable HTTP. Without
// sessions: each POST has one JSON-RPC request and its answer. The tools run methods of the
// contract with the caller's key.
#pragma once

#include <string>

#include "server/http/http_context.h"
#include "server/http/router.h"
#include "server/rpc/method_table.h"

namespace dnc {

// `version` is the server's. What is pointed to must outlive the router.
void AddMcpRoutes(const HttpContext* context, const MethodTable* methods, std::string version,
                  Router* router);

}  // namespace dnc
