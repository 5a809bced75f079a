// The data folder itself: who may read and write it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dnc {

// Makes the folder if it is missing, with mode 0700, takes what others may do with it away, and
// looks at all that lies in it. FAILED_PRECONDITION STORAGE, with file, owner and remedy, if this
// process may not read and write something. Returns what an operator should know.
absl::StatusOr<std::vector<std::string>> PrepareDataFolder(const std::string& path);

// FAILED_PRECONDITION if the folder is there and another user's than who this process runs as:
// files made now would be of no use to that user. `doing` for the message.
absl::Status CheckFolderOwner(const std::string& path, std::string_view doing);

}  // namespace dnc
