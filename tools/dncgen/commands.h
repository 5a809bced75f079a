// The commands of dncgen.
#pragma once

#include "absl/status/status.h"
#include "tools/cli/cli11_names.h"

namespace dnc {

// Each of these adds a command to `app`. If the command is chosen, it runs while the arguments are
// parsed, and stores its outcome in `status`. Both must outlive the parsing.
void AddFullCommand(CLI::App& app, absl::Status& status);
void AddChangesCommand(CLI::App& app, absl::Status& status);
void AddLeadsCommand(CLI::App& app, absl::Status& status);
void AddListCommand(CLI::App& app, absl::Status& status);
void AddTenantsCommand(CLI::App& app, absl::Status& status);

}  // namespace dnc
