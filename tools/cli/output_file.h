// A file that exists under its name only when it is complete.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dnc::cli {

// Writes to PATH.partial-PID beside the file, and renames it to PATH in Commit. The partial file is
// removed if there is no Commit, and on SIGINT, SIGTERM and SIGHUP. The class handles these signals
// while at most kMaxFiles files are open; partial files of further ones would stay. An object is
// not thread-safe, but each thread may write a file of its own.
class OutputFile {
 public:
  static constexpr size_t kMaxFiles = 128;

  // What happens to an earlier file of this name. A person who waits for a result must not mistake
  // the old one for the new one if that never comes. But a file that others read must stay there.
  enum class Earlier { kRemoved, kKeptUntilCommit };

  // Opens the file. "-" is stdout. Anything that is no regular file is written directly, and
  // nothing can be taken back there. Fails with INVALID_ARGUMENT for a folder, otherwise with
  // INTERNAL and the system's reason.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Open(const std::string& path,
                                                          Earlier earlier = Earlier::kRemoved);

  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Appends `text`, which may stay in a buffer of 256 KiB for a while. Fails with INTERNAL as Open
  // does.
  absl::Status Write(std::string_view text);

  // Writes what is buffered, waits until the disk has it, and gives the file its name. After an
  // error there is no file of that name, or still the earlier one.
  absl::Status Commit();

 private:
  OutputFile(std::string path, std::string partial, int fd);
  absl::Status Flush();
  absl::Status SystemError(const std::string& what) const;

  const std::string path_;
  const std::string partial_;  // empty if the file is written directly
  int fd_;
  std::string buffer_;
};

}  // namespace dnc::cli
