// Follows a load in the server to its end.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "dnc/v1/registry_service.pb.h"
#include "tools/dncctl/progress_bar.h"
#include "tools/dncctl/session.h"

namespace dnc::ctl {

bool IsEnded(const v1::Load& load);

// Returns the load as it ended, in whatever way. A server that goes away is waited for, and asked
// again when it is back. An error says nothing about the load, which may go on: the server did not
// answer for the session's timeout, or has come back without a record of the load.
// With `enough`, a load of which it is true is returned before its end.
absl::StatusOr<v1::Load> WatchLoad(Session& session, const v1::Load& load, ProgressBar* bar,
                                   const std::function<bool(const v1::Load&)>& enough = nullptr);

}  // namespace dnc::ctl
