// Header fields as nghttp2 takes them.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
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
  static constexpr size_t kMax = 3;

  explicit StatusFields(const GrpcStatus& status);
  // Writes them, kMax at most, and returns how many. They point into this.
  size_t Write(nghttp2_nv* out) const;

 private:
  const int code_;
  const std::string message_;
  const std::string details_;
};

}  // namespace dnc
