// A file that dncgen writes: plain, or a zip archive with one member. It appears under its name
// only when it is complete.
//
//   DNC_ASSIGN_OR_RETURN(auto file, OutputFile::Create("a/b.txt.zip", {.bytes = 24}));
//   DNC_RETURN_IF_ERROR(file->Append("201,5550123\n201,5550124\n"));
//   DNC_RETURN_IF_ERROR(file->Close());
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace dnc {

// Not thread-safe; different files may be written by different threads.
class OutputFile {
 public:
  struct Options {
    // Exactly what will be appended; an archive says it in its header. Unset: not known before.
    std::optional<uint64_t> bytes;
    absl::Time time;  // of the member of an archive, so that the same input gives the same bytes
  };

  // A path that ends with `.zip` becomes an archive with one member named without `.zip`.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Create(const std::string& path,
                                                            const Options& options);

  virtual ~OutputFile() = default;

  // Errors: the file system's (RESOURCE_EXHAUSTED with DISK_FULL, or INTERNAL with STORAGE).
  virtual absl::Status Append(std::string_view bytes) = 0;

  // Completes the file and gives it its name. Without it nothing remains under that name.
  virtual absl::Status Close() = 0;
};

}  // namespace dnc
