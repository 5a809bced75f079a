// The bytes of a table, whatever spreadsheet has written it.
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

// Gives a file's bytes as they are, but UTF-16 as UTF-8; its byte order mark becomes that of UTF-8.
// What gzip has packed, and the only file of a zip archive, is unpacked. Not thread-safe.
class TextSource {
 public:
  // Reads from a file descriptor, which stays the caller's.
  explicit TextSource(int fd) : fd_(fd), feed_(MakePlainFeed(fd)) {}

  // The next bytes, valid until the next call; empty at the end. The first piece holds the first
  // line, if that has less than kFirstBytes. INVALID_ARGUMENT for what is no text: the message says
  // what it is; DATA_LOSS if it can't be read, or is packed and damaged.
  absl::StatusOr<std::string_view> Next();

  uint64_t bytes_read() const { return feed_->bytes_read(); }

 private:
  static constexpr size_t kFirstBytes = 64 << 10;

  // Reads what tells the kind of the file, and its first line if that is short.
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
