// The files of an upload on their way to the disk.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/intake/intake.h"

namespace dnc {

// Whether `name` may name a file of an upload: not empty, at most 255 bytes, no folder, no control
// characters.
bool IsUploadName(std::string_view name);

// Takes the parts of one upload in their order: the options, and then for each file its start and
// its chunks. Whatever goes wrong, no file remains. A file's own name is only remembered; on disk
// the files have numbers for names. Not thread-safe.
class UploadSession {
 public:
  // All files together may have `max_bytes`.
  UploadSession(uint64_t max_bytes, Intake* intake) : max_bytes_(max_bytes), intake_(intake) {}
  ~UploadSession();  // removes the files if the registry has not taken them
  UploadSession(const UploadSession&) = delete;
  UploadSession& operator=(const UploadSession&) = delete;

  // After an error only destruction is allowed. Errors: INVALID_REQUEST for a part out of order
  // or out of its limits, LIMIT_REACHED, DISK_FULL, STORAGE, and what the registry answers.
  absl::Status SetOptions(LoadOptions options);
  // `declared_bytes`: how large the file is to be; 0 if that is not known.
  absl::Status StartFile(std::string_view name, uint64_t declared_bytes);
  absl::Status Append(std::string_view bytes);

  // All parts have arrived: queues the load.
  absl::StatusOr<LoadInfo> Complete();

 private:
  absl::Status EndFile();

  const uint64_t max_bytes_;
  Intake* const intake_;
  bool has_options_ = false;
  LoadOptions options_;
  std::string folder_;  // empty: not made yet, or taken by the registry
  std::vector<LoadFile> files_;
  std::set<std::string> names_;
  uint64_t total_bytes_ = 0;
  int descriptor_ = -1;  // of the last file; -1: none open
  uint64_t file_bytes_ = 0;
  uint64_t declared_bytes_ = 0;  // of the last file; 0: unknown
};

}  // namespace dnc
