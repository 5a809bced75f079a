// What has arrived of a call's messages and is not handed over: written behind, taken from the
// front, each in time that is in proportion to its bytes.
//
//   bytes_   | taken | 0 | length, 4 bytes | message | 0 | length ...
//                    ^ at_                           ^ whole_: what lies before is whole
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

  // Returns how many messages have become whole.
  int64_t Append(std::string_view bytes) {
    bytes_.append(bytes);
    int64_t count = 0;
    for (auto next = MessageAt(whole_); next.has_value(); next = MessageAt(whole_)) {
      if (bytes_.size() - whole_ < kMessagePrefixBytes + *next) break;
      whole_ += kMessagePrefixBytes + *next;
      ++count;
    }
    return count;
  }
  void Clear() {
    std::string().swap(bytes_);
    at_ = 0;
    whole_ = 0;
  }

  // The length of the first message; nothing if that is not known yet.
  std::optional<size_t> MessageSize() const { return MessageAt(at_); }
  // The same for a message that begins with these bytes.
  static std::optional<size_t> MessageSize(std::string_view bytes) {
    if (bytes.size() < kMessagePrefixBytes) return std::nullopt;
    size_t length = 0;
    for (size_t i = 1; i < kMessagePrefixBytes; ++i) {
      length = length << 8 | static_cast<uint8_t>(bytes[i]);
    }
    return length;
  }
  bool HasWholeMessage() const { return whole_ > at_; }
  // How much memory there is, used or not.
  size_t capacity() const { return bytes_.capacity(); }
  // Takes the first message, which is whole, with its prefix.
  std::string TakeMessage() {
    const size_t frame = kMessagePrefixBytes + *MessageSize();
    std::string message;
    if (at_ == 0 && bytes_.size() == frame) {
      message.swap(bytes_);
      Clear();
      return message;
    }
    message = bytes_.substr(at_, frame);
    at_ += frame;
    if (empty()) {
      Clear();
    } else if (at_ > bytes_.size() / 2) {
      // Into memory of its size, because what is held is counted by the bytes that are left.
      // (To assign a short text would keep the memory.)
      std::string(bytes_, at_).swap(bytes_);
      whole_ -= at_;
      at_ = 0;
    }
    return message;
  }

 private:
  // The length of the message that begins there, if that is known.
  std::optional<size_t> MessageAt(size_t at) const {
    return MessageSize(std::string_view(bytes_).substr(at));
  }

  std::string bytes_;
  size_t at_ = 0;
  size_t whole_ = 0;
};

}  // namespace dnc
