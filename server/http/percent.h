// Percent-encoding (RFC 3986), of paths, queries and forms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dnc {

// What a `+` stands for: a blank in queries and forms, itself in paths.
enum class PlusMeans : uint8_t { kPlus, kBlank };

// The text decoded; nothing if a `%` is not followed by two hexadecimal digits.
std::optional<std::string> PercentDecoded(std::string_view text, PlusMeans plus);

}  // namespace dnc
