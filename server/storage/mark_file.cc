#include "server/storage/mark_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr std::string_view kRevision = "revision ";
constexpr std::string_view kTime = "time ";  // microseconds since 1970

std::string Content(std::string_view word, uint64_t value) {
  const std::string line = StrCat(word, value);
  return absl::StrFormat("%s %016x\n", line, XXH3_64bits(line.data(), line.size()));
}

absl::Status Write(const std::string& path, std::string_view word, uint64_t value) {
  const std::string next = path + ".next";
  const int fd = open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return FileError("creating", next, errno);
  const std::string content = Content(word, value);
  const bool written =
      write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      fsync(fd) == 0;
  const absl::Status failed = written ? absl::OkStatus() : FileError("writing", next, errno);
  close(fd);
  if (!failed.ok()) return failed;
  if (rename(next.c_str(), path.c_str()) != 0) return FileError("renaming", next, errno);
  return SyncFolderOf(path);
}

absl::StatusOr<std::optional<uint64_t>> Read(const std::string& path, std::string_view word) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    return FileError("opening", path, errno);
  }
  std::ostringstream text;
  text << file.rdbuf();
  const std::string content = text.str();
  uint64_t value = 0;
  const size_t space = content.find(' ', word.size());
  if (content.rfind(word, 0) != 0 || space == std::string::npos ||
      !absl::SimpleAtoi(content.substr(word.size(), space - word.size()), &value) ||
      content != Content(word, value)) {
    return Error(reason::kStorageDamaged,
                 StrCat(path,
                        " is damaged; restore the whole data folder from the newest backup "
                        "(docs/operations.md)"));
  }
  return value;
}

}  // namespace

absl::Status WriteMark(const std::string& path, uint64_t revision) {
  return Write(path, kRevision, revision);
}

absl::StatusOr<std::optional<uint64_t>> ReadMark(const std::string& path) {
  return Read(path, kRevision);
}

absl::Status WriteTimeMark(const std::string& path, absl::Time time) {
  return Write(path, kTime, static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixMicros(time))));
}

absl::StatusOr<std::optional<absl::Time>> ReadTimeMark(const std::string& path) {
  DNC_ASSIGN_OR_RETURN(const std::optional<uint64_t> micros, Read(path, kTime));
  if (!micros.has_value()) return std::nullopt;
  return absl::FromUnixMicros(static_cast<int64_t>(*micros));
}

}  // namespace dnc
