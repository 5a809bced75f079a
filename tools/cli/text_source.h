// Reads the bytes of a table, whatever spreadsheet has written it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/cli/byte_feed.h"
#include "tools/cli/text_encoding.h"

namespace dnc::cli {

// Returns a file's bytes as they are, except that UTF-16 becomes UTF-8, and its byte order mark
// that of UTF-8. Unpacks what gzip has packed, and the only file of a zip archive. Not thread-safe.
class TextSource {
 public:
  // Reads from a file descriptor, which the caller keeps owning.
  explicit TextSource(int fd) : fd_(fd), feed_(MakePlainFeed(fd)) {}

  // Returns the next bytes, valid until the next call; empty at the end. The first piece has the
  // whole first line if that is shorter than kFirstBytes. Fails with INVALID_ARGUMENT if the file
  // is no text, saying what it is, and with DATA_LOSS if it cannot be read, or is packed and
  // damaged.
  absl::StatusOr<std::string_view> Next();

  uint64_t bytes_read() const { return feed_->bytes_read(); }

 private:
  static constexpr size_t kFirstBytes = 64 << 10;

  // Reads enough to tell the kind of the file, and its first line if that is short.
  absl::Status ReadStart();
  absl::Status Unpack();
  absl::Status ReadFirst();
  absl::StatusOr<std::string_view> Decoded();

  const int fd_;
  std::unique_ptr<ByteFeed> feed_;
  bool begun_ = false;
  std::string buffer_;  // as read
  std::string text_;    // decoded
  std::optional<Utf16Decoder> decoder_;
};

}  // namespace dnc::cli
