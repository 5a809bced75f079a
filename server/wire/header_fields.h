// Header fields as nghttp2 takes them.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/wire/grpc_text.h"

namespace dnc {

// A field whose name and value outlive all connections.
nghttp2_nv Fixed(std::string_view name, std::string_view value);
// A value that is copied, and that the peer need not remember; the name outlives all connections.
nghttp2_nv Once(std::string_view name, std::string_view value);

// The fields that tell a status, with their texts as they are sent.
class StatusFields {
 public:
  // `kept`: the same texts are told again and again, so the peer is to remember them (RFC 7541,
  // 6.2.1), and they are not copied: this must live until they are sent, or their stream is closed.
  explicit StatusFields(const GrpcStatus& status, bool kept = false);
  int code() const { return code_; }

  // Submits an answer that has nothing else. `encodings`: it tells which ones messages may have.
  void SubmitAlone(nghttp2_session* session, int32_t stream, bool encodings) const;
  // Submits the end of an answer that has messages.
  void SubmitTrailers(nghttp2_session* session, int32_t stream) const;

 private:
  static constexpr size_t kMax = 3;

  // Writes them, kMax at most, and returns how many.
  size_t Write(nghttp2_nv* out) const;
  nghttp2_nv Text(std::string_view name, std::string_view value) const {
    return kept_ || value.empty() ? Fixed(name, value) : Once(name, value);
  }

  const int code_;
  const std::string message_;
  const std::string details_;
  const bool kept_;
};

}  // namespace dnc
