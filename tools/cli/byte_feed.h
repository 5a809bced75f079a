// Reads the bytes of an input as they are, or unpacked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace dnc::cli {

// Not thread-safe.
class ByteFeed {
 public:
  virtual ~ByteFeed() = default;

  // Appends the next bytes to `out`, some hundred KiB. Returns false at the end, but only after
  // everything that can be verified is verified. Fails with DATA_LOSS if the input cannot be read,
  // is cut off or damaged.
  virtual absl::StatusOr<bool> ReadMore(std::string* out) = 0;
  // Returns how many bytes of the input were read, packed if it is packed.
  virtual uint64_t bytes_read() const = 0;
};

// Reads from `fd`, which the caller keeps owning and must keep open as long as the feed is read.
std::unique_ptr<ByteFeed> MakePlainFeed(int fd);

// Unpacks what gzip has packed; `begin` was already read from `packed`. Several packed texts, one
// behind the other, are one text, as they are for gunzip. Fails with INVALID_ARGUMENT if it unpacks
// to more than 200 times its own size.
std::unique_ptr<ByteFeed> MakeGzipFeed(std::unique_ptr<ByteFeed> packed, std::string begin);

// Reads the only file in the zip archive that `fd` is open for, like `dncctl load`
// (docs/formats.md). Fails with INVALID_ARGUMENT for an archive that has several files or cannot be
// read, and for one that is no regular file: a pipe cannot be read from its end.
absl::StatusOr<std::unique_ptr<ByteFeed>> MakeZipFeed(int fd);

}  // namespace dnc::cli
