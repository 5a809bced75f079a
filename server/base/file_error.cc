#include "server/base/file_error.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "server/base/error.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr std::string_view kNoPermission = "permission denied: ";

// The file, or the nearest folder above it that can be looked at.
std::optional<struct stat> Nearest(std::filesystem::path& path) {
  struct stat info {};
  while (lstat(path.c_str(), &info) != 0) {
    if (!path.has_parent_path() || path == path.parent_path()) return std::nullopt;
    path = path.parent_path();
  }
  return info;
}

std::string Mode(mode_t mode) {
  std::string digits = "0000";
  for (size_t i = 0; i < 4; ++i) digits[3 - i] = static_cast<char>('0' + (mode >> (3 * i) & 7));
  return digits;
}

absl::Status NoPermission(std::string_view doing, const std::string& path) {
  std::filesystem::path seen(path);
  const auto info = Nearest(seen);
  std::string text = StrCat(kNoPermission, doing, " ", path);
  if (info.has_value()) {
    text += StrCat(seen == path ? ", which" : StrCat("; ", seen.string()), " belongs to ",
                   UserName(info->st_uid), " with mode ", Mode(info->st_mode & 07777));
  }
  const std::string me = UserName(geteuid());
  text +=
      StrCat("; this process runs as ", me, ". Nothing is lost: give it to that user (chown -R ",
             geteuid(), " on the folder that it lies in), or run as its owner");
  return Error(reason::kStorageUnusable, text);
}

}  // namespace

std::string UserName(unsigned int uid) {
  std::array<char, 4096> buffer{};
  struct passwd entry {};
  struct passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return StrCat(std::string(found->pw_name), " (uid ", uid, ")");
  }
  return StrCat("uid ", uid);
}

absl::Status FileError(std::string_view doing, const std::string& path, int error) {
  if (error == EACCES || error == EPERM) return NoPermission(doing, path);
  const std::string text = StrCat(doing, " ", path, ": ", std::strerror(error));
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    return Error(reason::kDiskFull,
                 StrCat(text, "; free some space on the data disk and repeat the write"));
  }
  if (error == EMFILE || error == ENFILE) {
    return Error(reason::kStorageOutOfFiles,
                 StrCat(text,
                        "; raise the limit of open files (ulimit -n, LimitNOFILE), and "
                        "repeat it in a moment"));
  }
  if (error == EROFS) {
    return Error(reason::kStorageUnusable,
                 StrCat(text, "; the file system is read-only: see dmesg, and mount it anew"));
  }
  return Error(reason::kStorage, text);
}

absl::Status CheckPermission(const std::string& path, int mode) {
  if (faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0) return absl::OkStatus();
  if (errno != EACCES && errno != EPERM && errno != EROFS) return absl::OkStatus();
  return FileError((mode & W_OK) != 0 ? "writing" : "reading", path, errno);
}

bool IsPermissionError(const absl::Status& status) {
  return std::string_view(status.message().data(), status.message().size()).find(kNoPermission) !=
         std::string_view::npos;
}

absl::Status SyncFolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return FileError("opening", folder, errno);
  const int result = fsync(fd);
  const int error = errno;
  close(fd);
  return result == 0 ? absl::OkStatus() : FileError("syncing", folder, error);
}

}  // namespace dnc
