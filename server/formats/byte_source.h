// Reads the unpacked bytes of a file, whether it is plain or an archive.
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

  // Reads up to `length` bytes into `out`. Returns 0 at the end, but only after everything that can
  // be verified (length, checksum) is verified. After an error it only returns errors.
  virtual absl::StatusOr<size_t> Read(char* out, size_t length) = 0;

  // Returns the name of the archive's member, with its folders; empty if there is no archive.
  virtual std::string_view member() const { return {}; }
};

// Reads the bytes of `file` as they are. `file` must outlive the source.
std::unique_ptr<ByteSource> MakePlainSource(HashedFile& file);

// Reads the only list in the zip archive `file`, skipping folders and what file managers put beside
// it (zip_directory.h). This and Read() fail with DAMAGED_FILE; with BAD_FILE if there is not
// exactly one such member, or if it is encrypted, split, or packed by a method that is not
// supported; and with GuardError "archive-size". `file` must outlive the source.
absl::StatusOr<std::unique_ptr<ByteSource>> MakeZipSource(HashedFile& file,
                                                          const ReadRequest& request);

// Returns whether `head`, the first bytes of a file, starts a zip archive.
bool IsZip(std::string_view head);

// Fails with BAD_FILE and advice if `head` starts a packed or binary file of another kind.
absl::Status RefuseForeignHead(std::string_view head);

}  // namespace dnc
