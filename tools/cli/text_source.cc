#include "tools/cli/text_source.h"

#include <fmt/format.h>

#include <utility>

#include "tools/cli/file_kind.h"

namespace dnc::cli {
namespace {

enum class Order { kNone, kLittle, kBig };

// Decides by the byte order mark or, without one, by the first two characters, which are ASCII in a
// table.
Order Utf16Order(std::string_view start) {
  if (start.substr(0, 2) == "\xFF\xFE") return Order::kLittle;
  if (start.substr(0, 2) == "\xFE\xFF") return Order::kBig;
  if (start.size() < 4) return Order::kNone;
  const auto is_null = [&](size_t at) { return start[at] == '\0'; };
  if (!is_null(0) && is_null(1) && !is_null(2) && is_null(3)) return Order::kLittle;
  if (is_null(0) && !is_null(1) && is_null(2) && !is_null(3)) return Order::kBig;
  return Order::kNone;
}

}  // namespace

// A pipe may give only a few bytes at first, which tell neither what the file is nor its delimiter.
absl::Status TextSource::ReadStart() {
  bool more = true;
  while (more && buffer_.size() < kFirstBytes &&
         (buffer_.size() < kFileKindBytes || buffer_.find('\n') == std::string::npos)) {
    const auto read = feed_->ReadMore(&buffer_);
    if (!read.ok()) return read.status();
    more = *read;
  }
  return absl::OkStatus();
}

// Unpacks once: what is packed twice is refused as what it is inside.
absl::Status TextSource::Unpack() {
  switch (PackingOf(std::string_view(buffer_).substr(0, kFileKindBytes))) {
    case Packing::kNone:
      return absl::OkStatus();
    case Packing::kGzip:
      feed_ = MakeGzipFeed(std::move(feed_), std::move(buffer_));
      break;
    case Packing::kZip: {
      auto feed = MakeZipFeed(fd_);
      if (!feed.ok()) return feed.status();
      feed_ = *std::move(feed);
    }
  }
  buffer_.clear();
  return ReadStart();
}

absl::Status TextSource::ReadFirst() {
  if (auto status = ReadStart(); !status.ok()) return status;
  if (auto status = Unpack(); !status.ok()) return status;
  const std::string_view start = std::string_view(buffer_).substr(0, kFileKindBytes);
  if (const std::string why = WhyNoTable(start); !why.empty()) {
    return absl::InvalidArgumentError("the input is no table of text: it " + why);
  }
  if (const Order order = Utf16Order(start); order != Order::kNone) {
    decoder_.emplace(order == Order::kBig);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string_view> TextSource::Decoded() {
  if (!decoder_.has_value()) return std::string_view(buffer_);
  text_.clear();
  decoder_->Decode(buffer_, &text_);
  if (buffer_.empty() && !decoder_->complete()) {
    return absl::InvalidArgumentError(
        "the input is UTF-16 and ends in the middle of a character; it was cut off");
  }
  return std::string_view(text_);
}

absl::StatusOr<std::string_view> TextSource::Next() {
  if (!begun_) {
    begun_ = true;
    if (auto status = ReadFirst(); !status.ok()) return status;
    return Decoded();
  }
  for (;;) {
    buffer_.clear();
    const auto more = feed_->ReadMore(&buffer_);
    if (!more.ok()) return more.status();
    auto text = Decoded();
    // A piece may be too small for a character.
    if (!text.ok() || !text->empty() || !*more) return text;
  }
}

}  // namespace dnc::cli
