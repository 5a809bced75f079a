// A file that exists under its name only when it is complete.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dnc::ctl {

// Writes to PATH.partial-PID beside the file, and renames it in Commit. Without a Commit, and on
// SIGINT, SIGTERM and SIGHUP, the partial file is removed: of kMaxFiles that are open at a time.
// Not thread-safe, all of them together.
class OutputFile {
 public:
  static constexpr size_t kMaxFiles = 4;

  // "-" is stdout, and what is no regular file is written as it stands: there nothing can be taken
  // back. An earlier file of the name is removed now: it must not pass for the new one if
  // that one never comes.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Open(const std::string& path);

  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Buffered.
  absl::Status Write(std::string_view text);

  // Writes what is buffered, waits until the disk has it, and gives the file its name.
  absl::Status Commit();

 private:
  OutputFile(std::string path, std::string partial, int fd);
  absl::Status Flush();
  absl::Status SystemError(const std::string& what) const;

  const std::string path_;
  const std::string partial_;  // empty where the file is written as it stands
  int fd_;
  std::string buffer_;
};

}  // namespace dnc::ctl
