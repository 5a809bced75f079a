#include "server/wire/inflate.h"

#include <zlib.h>

#include <algorithm>

#include "server/base/error.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr size_t kStepBytes = 64 << 10;

// Ends zlib's state on every way out.
class InflateState {
 public:
  explicit InflateState(int window_bits) : ok_(inflateInit2(&stream_, window_bits) == Z_OK) {}
  ~InflateState() {
    if (ok_) inflateEnd(&stream_);
  }
  InflateState(const InflateState&) = delete;
  InflateState& operator=(const InflateState&) = delete;

  bool ok() const { return ok_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  const bool ok_;
};

absl::Status NotCompressed() {
  return Error(reason::kMalformedCall, "the message is not compressed as grpc-encoding says");
}

}  // namespace

MessageEncoding EncodingOf(std::string_view name) {
  if (name.empty() || name == "identity") return MessageEncoding::kIdentity;
  if (name == "gzip") return MessageEncoding::kGzip;
  if (name == "deflate") return MessageEncoding::kDeflate;
  return MessageEncoding::kUnknown;
}

absl::StatusOr<std::string> Inflate(MessageEncoding encoding, std::string_view bytes,
                                    size_t max_bytes) {
  constexpr int kWindow = 15;
  constexpr int kGzipWindow = 16 + kWindow;
  InflateState state(encoding == MessageEncoding::kGzip ? kGzipWindow : kWindow);
  if (!state.ok()) {
    return Error(reason::kOutOfMemory, "there is no memory to decompress the message");
  }
  z_stream& stream = state.stream();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  while (true) {
    const size_t before = out.size();
    // One byte above the limit is enough to know.
    out.resize(std::min(before + kStepBytes, max_bytes + 1));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(out.size() - before);
    const int result = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (out.size() > max_bytes) {
      return Error(reason::kLimitReached,
                   StrCat("the message has more than ", max_bytes,
                          " bytes when it is decompressed (limits.max_request_bytes); send less "
                          "at once"));
    }
    if (result == Z_STREAM_END) break;
    if (result != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) return NotCompressed();
  }
  if (stream.avail_in != 0) return NotCompressed();
  return out;
}

}  // namespace dnc
