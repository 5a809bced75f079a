// Checks the data folder itself: who may read and write it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dnc {

// Makes the folder, with mode 0700, if it is missing. Revokes other users' permissions on it, and
// checks everything in it. Fails with FAILED_PRECONDITION STORAGE, naming file, owner and remedy,
// if this process may not read and write something. Returns what an operator should know.
absl::StatusOr<std::vector<std::string>> PrepareDataFolder(const std::string& path);

// Fails with FAILED_PRECONDITION if the folder exists and belongs to another user than the one who
// runs this process: that user could not use the files that would be made now. `doing` is for the
// message.
absl::Status CheckFolderOwner(const std::string& path, std::string_view doing);

}  // namespace dnc
