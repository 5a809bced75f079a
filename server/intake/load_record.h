// Between a load and its stored record (registry/records.proto): both conversions stand here.
#pragma once

#include "server/intake/load_info.h"
#include "server/registry/records.pb.h"

namespace dnc {

// The record of a load that has ended; its plan is not kept.
storage::Load ToRecord(const LoadInfo& info);
LoadInfo FromRecord(const storage::Load& record);

}  // namespace dnc
