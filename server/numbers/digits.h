// Decimal digits: whether a character is one, and eight at a stroke for the hot paths that read
// numbers.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace dnc {

static_assert(std::endian::native == std::endian::little);

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The eight bytes at `text`, the first in the lowest byte.
inline uint64_t LoadEight(const char* text) {
  uint64_t word;
  std::memcpy(&word, text, sizeof(word));
  return word;
}

inline constexpr uint64_t kEightZeros = 0x3030303030303030;
inline constexpr uint64_t kHighBits = 0x8080808080808080;
// Adding this to a byte of 0 to 9 leaves the byte's high bit clear; adding it to any other byte
// below 128 sets that bit.
inline constexpr uint64_t kDigitLimit = 0x76;

// Returns whether every byte of `digits`, which are eight characters XOR kEightZeros, is 0 to 9.
constexpr bool AreEightDigits(uint64_t digits) {
  return (((digits + kDigitLimit * 0x0101010101010101) | digits) & kHighBits) == 0;
}

// Returns the value of eight digits of 0 to 9, the most significant of which is in the lowest byte.
constexpr uint32_t EightDigitValue(uint64_t digits) {
  digits = digits * 10 + (digits >> 8);
  constexpr uint64_t kPairs = 0x000000FF000000FF;
  const uint64_t high = (digits & kPairs) * (100 + (1'000'000ULL << 32));
  const uint64_t low = ((digits >> 16) & kPairs) * (1 + (10'000ULL << 32));
  return static_cast<uint32_t>((high + low) >> 32);
}

}  // namespace dnc
