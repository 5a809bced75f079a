#include "server/storage/data_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

absl::Status Make(const std::string& path) {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) return FileError("making", parent.string(), error.value());
  if (mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return FileError("making", path, errno);
  }
  return absl::OkStatus();
}

absl::Status CheckContent(const std::string& folder, int levels) {
  DNC_RETURN_IF_ERROR(CheckPermission(folder, R_OK | W_OK | X_OK));
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    std::error_code ignored;
    const std::string path = entries->path().string();
    if (!entries->is_directory(ignored)) {
      DNC_RETURN_IF_ERROR(CheckPermission(path, R_OK | W_OK));
    } else if (levels > 0 && entries->path().filename() != "lost+found") {
      DNC_RETURN_IF_ERROR(CheckContent(path, levels - 1));
    }
  }
  return error ? FileError("listing", folder, error.value()) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> PrepareDataFolder(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) return FileError("opening", path, errno);
    DNC_RETURN_IF_ERROR(Make(path.substr(0, path.find_last_not_of('/') + 1)));
    if (stat(path.c_str(), &info) != 0) return FileError("opening", path, errno);
  }
  if (!S_ISDIR(info.st_mode)) {
    return Error(reason::kStorageUnusable, StrCat(path, " is no folder; name one with --data-dir"));
  }
  std::vector<std::string> notes;
  if (info.st_uid != geteuid()) {
    notes.push_back(StrCat(path, " belongs to ", UserName(info.st_uid),
                           ", and this process runs as ", UserName(geteuid()),
                           ": files that it makes may be closed to that user; run it as the "
                           "folder's owner"));
  }
  // A folder of another user, such as a volume that a group shares, keeps its mode.
  if ((info.st_mode & kOthers) != 0 && info.st_uid == geteuid()) {
    const bool mended = chmod(path.c_str(), info.st_mode & 07777 & ~kOthers) == 0;
    notes.push_back(StrCat(path, mended ? " was open to other users; its mode is 0700 now"
                                        : " is open to other users; chmod it to 0700"));
  }
  DNC_RETURN_IF_ERROR(CheckContent(path, /*levels=*/1));
  return notes;
}

absl::Status CheckFolderOwner(const std::string& path, std::string_view doing) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? absl::OkStatus() : FileError("opening", path, errno);
  }
  if (info.st_uid == geteuid()) return absl::OkStatus();
  const std::string owner = UserName(info.st_uid);
  return Error(reason::kStorageUnusable,
               StrCat(path, " belongs to ", owner, ", and this process runs as ",
                      UserName(geteuid()), ": ", doing, " as the folder's owner (setpriv --reuid ",
                      info.st_uid, " --regid ", info.st_gid,
                      " --clear-groups dncd ..., or sudo "
                      "-u), or that user could not open the files made now"));
}

}  // namespace dnc
