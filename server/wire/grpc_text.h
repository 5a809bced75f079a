// The texts of gRPC's wire protocol: timeouts, messages of errors, and binary metadata.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dnc {

// How a call ends, as it is sent.
struct GrpcStatus {
  int code = 0;         // 0 to 16
  std::string message;  // any text
  std::string details;  // a google.rpc.Status as bytes; empty: none
};

// The time in `grpc-timeout`: up to eight digits and a unit, `100m`. Nothing if it is none. The
// longest is a year: whoever says more waits for ever.
std::optional<std::chrono::nanoseconds> ParseGrpcTimeout(std::string_view text);
inline constexpr std::chrono::nanoseconds kEndlessTimeout = std::chrono::hours(24 * 365);

// The text of `grpc-message`: printable ASCII stays, all else and `%` is written as %XX.
std::string PercentEncode(std::string_view text);

// Base64 without padding, as values of `-bin` metadata are sent.
std::string EncodeBinaryMetadata(std::string_view bytes);
// Reads it, padded or not. Nothing if it is none.
std::optional<std::string> DecodeBinaryMetadata(std::string_view text);
// Reads all values of an entry: several may be joined by commas. Nothing if one is none.
std::optional<std::vector<std::string>> DecodeBinaryValues(std::string_view text);
// Whether the values of metadata of this name are sent so.
inline bool IsBinaryMetadata(std::string_view name) { return name.ends_with("-bin"); }

}  // namespace dnc
