// Errors of files in words for the operator: what failed, with which file, and what to do.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace dnc {

// What `error`, an errno, means for `path`. RESOURCE_EXHAUSTED DISK_FULL if there is no room, or
// descriptors ran out (STORAGE); FAILED_PRECONDITION STORAGE if permission is missing: names the
// file's owner, who the process runs as, and the remedy. Otherwise INTERNAL STORAGE.
absl::Status FileError(std::string_view doing, const std::string& path, int error);

// As FileError if `path`, a file or folder, exists and this process may not do `mode` (R_OK, W_OK,
// X_OK) with it, or may not enter a folder above it; OK otherwise.
absl::Status CheckPermission(const std::string& path, int mode);

// Returns whether an error is FileError's for a missing permission.
bool IsPermissionError(const absl::Status& status);

// "root (uid 0)".
std::string UserName(unsigned int uid);

// Makes what was made, renamed or removed in the folder of `path` durable.
absl::Status SyncFolderOf(const std::string& path);

}  // namespace dnc
