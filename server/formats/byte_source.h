// The unpacked bytes of a file, plain or from an archive.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/formats/hashed_file.h"
#include "server/formats/registry_file.h"

namespace dnc {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Reads up to `length` bytes into `out`; returns 0 at the end, and only when everything that can
  // be verified (length, checksum) is verified. After an error, only errors.
  virtual absl::StatusOr<size_t> Read(char* out, size_t length) = 0;

  // The name of the archive's member, with its folders; empty if there is no archive.
  virtual std::string_view member() const { return {}; }
};

// The bytes of `file` as they are. `file` must outlive the source.
std::unique_ptr<ByteSource> MakePlainSource(HashedFile& file);

// The only list in the zip archive `file`; folders, and what file managers put beside it, are
// passed over (zip_directory.h). Errors of this and of Read(): DAMAGED_FILE, BAD_FILE (not exactly
// one such member, encrypted, split, packed by a method that is not read), GuardError
// "archive-size". `file` must outlive the source.
absl::StatusOr<std::unique_ptr<ByteSource>> MakeZipSource(HashedFile& file,
                                                          const ReadRequest& request);

// True if `head`, the first bytes of a file, starts a zip archive.
bool IsZip(std::string_view head);

// BAD_FILE with advice if `head` starts a packed or binary file of another kind.
absl::Status RefuseForeignHead(std::string_view head);

}  // namespace dnc
