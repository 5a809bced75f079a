#include "server/intake/upload_folders.h"

#include <filesystem>
#include <system_error>

#include "server/base/file_error.h"
#include "server/base/str_cat.h"

namespace dnc {

void RemoveUploadFolder(const std::string& path) {
  std::error_code ignored;
  if (!path.empty()) std::filesystem::remove_all(path, ignored);
}

absl::Status UploadFolders::Clean() {
  std::error_code error;
  // The folder itself stays: on a full disk it could not be made again.
  std::filesystem::create_directories(parent_, error);
  for (const auto& left : std::filesystem::directory_iterator(parent_, error)) {
    RemoveUploadFolder(left.path().string());
  }
  if (error) return FileError("making", parent_, error.value());
  return absl::OkStatus();
}

absl::StatusOr<std::string> UploadFolders::New() {
  const std::string path = StrCat(parent_, "/", next_++);
  std::error_code error;
  if (std::filesystem::create_directories(path, error)) return path;
  return FileError("making", path, error.value());
}

}  // namespace dnc
