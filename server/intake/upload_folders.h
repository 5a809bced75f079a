// The folders below the data folder in which uploads lie until their load has ended.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dnc {

// Removes a folder with all that is in it, if it can be; nothing happens for an empty path.
void RemoveUploadFolder(const std::string& path);

// Thread-safe.
class UploadFolders {
 public:
  explicit UploadFolders(std::string parent) : parent_(std::move(parent)) {}

  // Makes the folder that holds them all, and removes what an earlier run left in it. Errors:
  // DISK_FULL, STORAGE.
  absl::Status Clean();
  // A new, empty folder.
  absl::StatusOr<std::string> New();

 private:
  const std::string parent_;
  std::atomic<uint64_t> next_{1};
};

}  // namespace dnc
