// Sends files to a server.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dnc/v1/registry_service.pb.h"
#include "tools/dncctl/progress_bar.h"
#include "tools/dncctl/session.h"

namespace dnc::ctl {

// Uploads the files as one release, in chunks of 1 MiB, and returns the accepted load. A file that
// can't be read or changes its size meanwhile ends the upload; nothing is loaded then.
absl::StatusOr<v1::Load> Upload(Session& session, const v1::LoadOptions& options,
                                const std::vector<std::string>& paths, ProgressBar* bar);

}  // namespace dnc::ctl
