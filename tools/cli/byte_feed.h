// The bytes of an input as they are, and unpacked.
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

  // Appends the next bytes to `out`, some hundred KiB; false at the end, and only if all that can
  // be verified is verified. Errors: DATA_LOSS: the input can't be read, was cut off or damaged.
  virtual absl::StatusOr<bool> ReadMore(std::string* out) = 0;
  // How many bytes of the input were read, packed if it is.
  virtual uint64_t bytes_read() const = 0;
};

// `fd` stays the caller's, and must be open as long as the feed is read.
std::unique_ptr<ByteFeed> MakePlainFeed(int fd);

// Unpacks what gzip has packed; `begin` has been read from `packed` already. Several packed texts,
// one behind the other, are one, as for gunzip. INVALID_ARGUMENT for what unpacks to more than 200
// times its own size.
std::unique_ptr<ByteFeed> MakeGzipFeed(std::unique_ptr<ByteFeed> packed, std::string begin);

// The only file in the zip archive that `fd` is open for: as `dncctl load` reads archives
// (docs/formats.md). INVALID_ARGUMENT for an archive with several files or that can't be read, and
// for one that is no regular file: a pipe can't be looked through.
absl::StatusOr<std::unique_ptr<ByteFeed>> MakeZipFeed(int fd);

}  // namespace dnc::cli
