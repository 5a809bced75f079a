// Takes out of a connection's bytes what nghttp2 would end the connection for, though honest
// callers send it: gRPC's C core (seen on 1.51) resets a stream that it has not opened, when a
// call's deadline passes before its headers have gone out. RFC 9113, 5.1, calls that an error of
// the connection, which would cost all other calls on it.
//
//   | preface, 24 bytes | frame head, 9 bytes | payload | frame head | payload | ...
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dnc {

class FrameFilter {
 public:
  // Hands on all `bytes` that nghttp2 may see, in one or several parts, in their order. `pass`
  // takes a part, and says whether there is to be another. Returns how many resets were taken out.
  template <class Pass>
  int Feed(std::string_view bytes, const Pass& pass) {
    int dropped = 0;
    size_t from = 0;  // what is not handed on yet
    size_t at = 0;
    const auto hand_on = [&](size_t until) {
      const bool more = from == until || pass(bytes.substr(from, until - from));
      from = until;
      return more;
    };
    while (at < bytes.size()) {
      if (left_ > 0) {
        const size_t part = std::min(left_, bytes.size() - at);
        left_ -= part;
        at += part;
        if (dropping_) from = at;
        continue;
      }
      // A head that comes in pieces is gathered first.
      if (gathered_ == 0 && !hand_on(at)) return dropped;
      const size_t part = std::min(kHeadBytes - gathered_, bytes.size() - at);
      std::copy_n(bytes.data() + at, part, head_.data() + gathered_);
      gathered_ += part;
      at += part;
      from = at;
      if (gathered_ < kHeadBytes) continue;
      gathered_ = 0;
      left_ = ReadBigEndian(0, 3);
      dropping_ = IsResetOfIdle();
      if (dropping_) {
        ++dropped;
        continue;
      }
      ++passed_;
      if (!pass({head_.data(), kHeadBytes})) return dropped;
    }
    hand_on(bytes.size());
    return dropped;
  }

  // How many frames have been handed on since the beginning, at least their heads.
  int64_t passed() const { return passed_; }

 private:
  static constexpr size_t kPrefaceBytes = 24;
  static constexpr size_t kHeadBytes = 9;

  uint32_t ReadBigEndian(size_t at, size_t size) const {
    uint32_t value = 0;
    for (size_t i = at; i < at + size; ++i) value = value << 8 | static_cast<uint8_t>(head_[i]);
    return value;
  }

  bool IsResetOfIdle() {
    constexpr uint32_t kHeaders = 1;
    constexpr uint32_t kReset = 3;
    constexpr uint32_t kResetBytes = 4;
    const uint32_t type = ReadBigEndian(3, 1);
    const uint32_t stream = ReadBigEndian(5, 4) & 0x7FFFFFFF;
    if (type == kHeaders) last_opened_ = std::max(last_opened_, stream);
    return type == kReset && left_ == kResetBytes && stream % 2 == 1 && stream > last_opened_;
  }

  size_t left_ = kPrefaceBytes;  // of the preface or of a payload
  bool dropping_ = false;        // the payload
  std::array<char, kHeadBytes> head_{};
  size_t gathered_ = 0;  // of the head
  uint32_t last_opened_ = 0;
  int64_t passed_ = 0;
};

}  // namespace dnc
