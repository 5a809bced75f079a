// Adds a checksum to each value, so that what the store returns is compared with what was written,
// and under which key, whatever happened to the store's files in between.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dnc {

inline constexpr size_t kCheckBytes = 8;

// Returns the value followed by its XXH3-64, little-endian, which is seeded with the XXH3-64 of the
// key.
std::string AddCheck(std::string_view key, std::string_view value);

// Returns the value, as a view of `checked`; nullopt if it is damaged or was made for another key.
std::optional<std::string_view> RemoveCheck(std::string_view key, std::string_view checked);

// Returns the checksum of a value that AddCheck made.
uint64_t CheckOf(std::string_view checked);

}  // namespace dnc
