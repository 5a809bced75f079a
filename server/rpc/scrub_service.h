// dnc.v1.ScrubService.
#pragma once

#include "server/rpc/method_table.h"
#include "server/rpc/scrub_handler.h"

namespace dnc {

// Adds the service's methods. `handler` must outlive the calls.
void AddScrubService(ScrubHandler* handler, MethodTable* table);

}  // namespace dnc
