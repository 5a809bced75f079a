// gRPC's reflection: tells which services the server has, and what their messages are.
#pragma once

#include "server/rpc/method_table.h"

namespace dnc {

// Adds the service's method, which tells of all services that are in the table when it is asked.
// The table outlives the calls.
void AddReflectionService(MethodTable* table);

}  // namespace dnc
