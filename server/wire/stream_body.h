// What has arrived of a call's messages and is not handed over: written behind, taken from the
// front, each in time that is in proportion to its bytes.
//
//   bytes_   | taken | 0 | length, 4 bytes | message | 0 | length ...
//                    ^ at_
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/wire/message_buffer.h"

namespace dnc {

class StreamBody {
 public:
  size_t size() const { return bytes_.size() - at_; }
  bool empty() const { return size() == 0; }
  // The first byte of the first message, which says whether it is compressed. There must be one.
  uint8_t flag() const { return static_cast<uint8_t>(bytes_[at_]); }

  void Append(std::string_view bytes) { bytes_.append(bytes); }
  void Clear() {
    std::string().swap(bytes_);
    at_ = 0;
  }

  // The length of the first message; nothing if that is not known yet.
  std::optional<size_t> MessageSize() const {
    if (size() < kMessagePrefixBytes) return std::nullopt;
    size_t length = 0;
    for (size_t i = 1; i < kMessagePrefixBytes; ++i) {
      length = length << 8 | static_cast<uint8_t>(bytes_[at_ + i]);
    }
    return length;
  }
  bool HasWholeMessage() const {
    const std::optional<size_t> length = MessageSize();
    return length.has_value() && size() >= kMessagePrefixBytes + *length;
  }
  // Takes the first message, which is whole, with its prefix.
  std::string TakeMessage() {
    const size_t frame = kMessagePrefixBytes + *MessageSize();
    std::string message;
    if (at_ == 0 && bytes_.size() == frame) {
      message.swap(bytes_);
      return message;
    }
    message = bytes_.substr(at_, frame);
    at_ += frame;
    if (empty()) {
      Clear();
    } else if (at_ > bytes_.size() / 2) {
      bytes_.erase(0, at_);
      at_ = 0;
    }
    return message;
  }

 private:
  std::string bytes_;
  size_t at_ = 0;
};

}  // namespace dnc
