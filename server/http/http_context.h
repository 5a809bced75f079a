// What every HTTP call needs of the server that it runs in.
#pragma once

#include "server/http/http_access.h"
#include "server/rpc/rpc_context.h"
#include "server/service/decide.h"

namespace dnc {

// What the calls of the HTTP front share. It outlives them.
struct HttpContext {
  const RpcContext* shared = nullptr;  // with the calls of gRPC
  const HttpAccess* access = nullptr;
  Decider* decider = nullptr;
};

}  // namespace dnc
