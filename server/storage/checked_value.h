// Values that carry a checksum of their own: what the store returns is checked against what was
// written, and under which key, whatever happened to the store's files in between.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dnc {

inline constexpr size_t kCheckBytes = 8;

// The value, then XXH3-64 of it, seeded with the XXH3-64 of the key, little-endian.
std::string AddCheck(std::string_view key, std::string_view value);

// The value; nullopt if it is damaged or was sealed for another key. Points into `sealed`.
std::optional<std::string_view> RemoveCheck(std::string_view key, std::string_view sealed);

// The checksum of a value that AddCheck made.
uint64_t CheckOf(std::string_view sealed);

}  // namespace dnc
