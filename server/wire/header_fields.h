// Header fields as nghttp2 takes them.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <string_view>

#include "server/wire/grpc_text.h"

namespace dnc {

// A field whose name and value outlive all connections.
nghttp2_nv Fixed(std::string_view name, std::string_view value);
// A value that is copied, and that the peer need not remember; the name outlives all connections.
nghttp2_nv Once(std::string_view name, std::string_view value);

// Writes the fields that tell a status, three at most, and returns how many. `message` and
// `details` are its texts as they are sent; the fields point into them.
size_t StatusFields(const GrpcStatus& status, std::string_view message, std::string_view details,
                    nghttp2_nv* out);

}  // namespace dnc
