// A message on its way out, in memory that is made once and has room for gRPC's prefix.
//
//   | spare | 0 | length, 4 bytes | message |
//           ^ Frame()             ^ message()
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace dnc {

// Before each message: whether it is compressed, and its length.
inline constexpr size_t kMessagePrefixBytes = 5;

// A message to send, in memory that has room for the prefix before it.
class MessageBuffer {
 public:
  MessageBuffer() = default;
  // Memory for a message of at most `bytes`.
  explicit MessageBuffer(size_t bytes)
      : memory_(std::make_unique_for_overwrite<char[]>(kMessagePrefixBytes + bytes)),
        begin_(kMessagePrefixBytes) {}
  static MessageBuffer Copy(std::string_view bytes) {
    MessageBuffer buffer(bytes.size());
    if (!bytes.empty()) std::memcpy(buffer.space(), bytes.data(), bytes.size());
    buffer.SetMessage(0, bytes.size());
    return buffer;
  }

  // Where the message may be written.
  char* space() { return memory_.get() + kMessagePrefixBytes; }
  // Says where in that space it lies.
  void SetMessage(size_t begin, size_t size) {
    begin_ = kMessagePrefixBytes + begin;
    size_ = size;
  }
  std::string_view message() const { return {memory_.get() + begin_, size_}; }
  // Writes the prefix; what is sent then.
  std::string_view Frame() {
    char* const prefix = memory_.get() + begin_ - kMessagePrefixBytes;
    prefix[0] = 0;  // not compressed
    for (size_t i = 0; i < 4; ++i) prefix[1 + i] = static_cast<char>(size_ >> (24 - 8 * i));
    return {prefix, kMessagePrefixBytes + size_};
  }

 private:
  std::unique_ptr<char[]> memory_;
  size_t begin_ = 0;
  size_t size_ = 0;
};

}  // namespace dnc
