// gRPC's reflection: tells which services the server has, and what their messages are.
#pragma once

#include "server/rpc/method_table.h"
#include "server/service/stream_places.h"

namespace dnc {

// So many streams may run at the same time, and half of them of one address: anybody may ask.
inline constexpr int kMaxReflections = 16;

// Adds the service's method, which tells of all services that are in the table when it is asked.
// The table and the places, of kMaxReflections, outlive the calls.
void AddReflectionService(StreamPlaces* places, MethodTable* table);

}  // namespace dnc
