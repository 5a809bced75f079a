// Compressed messages, as gRPC's callers may send them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace dnc {

// How a message is compressed: `grpc-encoding`.
enum class MessageEncoding { kIdentity, kGzip, kDeflate, kUnknown };

MessageEncoding EncodingOf(std::string_view name);

// What is written in `grpc-accept-encoding`.
inline constexpr std::string_view kAcceptedEncodings = "identity,deflate,gzip";

// The message in `bytes`. It is given up as soon as it is found to be longer than `max_bytes`,
// however short the compressed one is. Errors: RESOURCE_EXHAUSTED (LIMIT_REACHED), and INTERNAL for
// what is not compressed as it should be.
absl::StatusOr<std::string> Inflate(MessageEncoding encoding, std::string_view bytes,
                                    size_t max_bytes);

}  // namespace dnc
