#include "server/storage/mark_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "server/base/error.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

absl::Status Failed(std::string_view doing, const std::string& path) {
  const int code = errno;
  const std::string text = StrCat(doing, " ", path, ": ", std::strerror(code));
  if (code == ENOSPC || code == EDQUOT || code == EFBIG) {
    return Error(absl::StatusCode::kResourceExhausted, reason::kDiskFull,
                 StrCat(text, "; free some space and repeat the write"));
  }
  return Error(absl::StatusCode::kInternal, reason::kStorage, text);
}

std::string Content(uint64_t revision) {
  const std::string line = StrCat("revision ", revision);
  return absl::StrFormat("%s %016x\n", line, XXH3_64bits(line.data(), line.size()));
}

absl::Status SyncFolder(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("opening", folder);
  const int synced = fsync(fd);
  close(fd);
  return synced == 0 ? absl::OkStatus() : Failed("syncing", folder);
}

}  // namespace

absl::Status WriteMark(const std::string& path, uint64_t revision) {
  const std::string next = path + ".next";
  const int fd = open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return Failed("creating", next);
  const std::string content = Content(revision);
  const bool written =
      write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      fsync(fd) == 0;
  const absl::Status failed = written ? absl::OkStatus() : Failed("writing", next);
  close(fd);
  if (!failed.ok()) return failed;
  if (rename(next.c_str(), path.c_str()) != 0) return Failed("renaming", next);
  return SyncFolder(path);
}

absl::StatusOr<std::optional<uint64_t>> ReadMark(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (!std::filesystem::exists(path)) return std::nullopt;
    return Failed("opening", path);
  }
  std::ostringstream text;
  text << file.rdbuf();
  const std::string content = text.str();
  uint64_t revision = 0;
  constexpr std::string_view kPrefix = "revision ";
  const size_t space = content.find(' ', kPrefix.size());
  if (content.rfind(kPrefix, 0) != 0 || space == std::string::npos ||
      !absl::SimpleAtoi(content.substr(kPrefix.size(), space - kPrefix.size()), &revision) ||
      content != Content(revision)) {
    return Error(absl::StatusCode::kDataLoss, reason::kStorage,
                 StrCat(path,
                        " is damaged; restore it from a copy of the data folder, or "
                        "load the lists again into a new data folder"));
  }
  return revision;
}

}  // namespace dnc
