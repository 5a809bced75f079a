// What a watch tells, a line a change, which a script can cut at spaces or read as JSON.
#pragma once

#include "dnc/v1/list_service.pb.h"
#include "tools/dncctl/commands.h"

namespace dnc::ctl {

// Prints `REVISION OUTCOME LIST NUMBER` for each record, the same for each block with X in place of
// the digits that it leaves open (`201XXXXXXX`), and `REVISION made LIST KIND` for each list. False
// if nobody reads what is printed.
bool PrintChanges(const GlobalOptions& options, const v1::WatchChangesResponse& part);

}  // namespace dnc::ctl
