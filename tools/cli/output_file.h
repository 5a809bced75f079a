// A file that exists under its name only when it is complete.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dnc::cli {

// Writes to PATH.partial-PID beside the file, and gives it its name in Commit. The partial file is
// removed if there is no Commit, and on SIGINT, SIGTERM and SIGHUP: the class handles these signals
// while one of at most kMaxFiles files is open; the partial files of others would stay. An object
// is not thread-safe, but each thread may write a file of its own.
class OutputFile {
 public:
  static constexpr size_t kMaxFiles = 128;

  // What becomes of an earlier file of the name. Whoever waits for a result must not take the old
  // one for the new one if that never comes; a file that others read goes on standing there.
  enum class Earlier { kRemoved, kKeptUntilCommit };

  // "-" is stdout, and what is no regular file is written as it stands: there nothing can be taken
  // back. INVALID_ARGUMENT for a folder, INTERNAL with the system's reason otherwise.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Open(const std::string& path,
                                                          Earlier earlier = Earlier::kRemoved);

  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Appends `text`, which may stay in a buffer of 256 KiB until later. INTERNAL as in Open.
  absl::Status Write(std::string_view text);

  // Writes what is buffered, waits until the disk has it, and gives the file its name. After an
  // error nothing stands under the name, or still the earlier file.
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

}  // namespace dnc::cli
