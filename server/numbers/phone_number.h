// North American numbers: reading them in any usual writing, and taking them apart.
//
//   ParsedNumber parsed = ParseNumber("(201) 555-0123");   // {2015550123, true}
//
// A number is well formed if it has ten digits, or eleven with a leading 1, and its area code
// does not start with 0 or 1. Nothing is asked of the exchange: the registry lists numbers whose
// exchange starts with 0 or 1, and they must be found.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dnc {

// Ten digits, 0 to 9,999,999,999.
using Number = uint64_t;

inline constexpr Number kNumberLimit = 10'000'000'000;
inline constexpr int kAreaCodes = 1000;                  // 000 to 999
inline constexpr uint32_t kNumbersPerArea = 10'000'000;  // seven digits
inline constexpr int kExchangesPerArea = 1000;
inline constexpr uint32_t kNumbersPerExchange = 10'000;  // four digits

constexpr int AreaCodeOf(Number number) { return static_cast<int>(number / kNumbersPerArea); }
constexpr uint32_t SubscriberOf(Number number) {
  return static_cast<uint32_t>(number % kNumbersPerArea);
}
constexpr Number MakeNumber(int area_code, uint32_t subscriber) {
  return static_cast<Number>(area_code) * kNumbersPerArea + subscriber;
}

// True for 200 to 999.
constexpr bool IsAreaCode(int area_code) { return area_code >= 200 && area_code <= 999; }

struct ParsedNumber {
  Number number = 0;  // 0 if malformed
  bool ok = false;
};

// Reads a number in any usual writing: digits, also of full width, with spaces (also no-break),
// dots, hyphens and dashes, slashes, parentheses, a leading `+1`, `1`, `001`, `tel:`; surrounding
// blanks and quotes; marks that are not seen (of width zero, of direction) anywhere. And what
// spreadsheets make of numbers, where that has one reading: `="2015550123"`, `2015550123.0`,
// `2.015550123E+09` with all digits.
// Malformed: letters, extensions, other country codes, other counts of digits, more than 64 bytes,
// U+202E, which shows the digits in another order than it stores them.
// Never reads past `text`; allocates nothing.
ParsedNumber ParseNumber(std::string_view text);

// Why ParseNumber reads no number in `text`, as the end of a sentence: "it has 9 digits; a number
// has ten, or eleven with a leading 1". Names the character where one is in the way, shows no
// digits, and is printable ASCII. For any text that ParseNumber does not read.
std::string WhyNoNumber(std::string_view text);

// Ten digits, or eleven with a leading 1, as an integer. Without branches, as it is asked for every
// number of a batch.
constexpr ParsedNumber NormalizeNumber(uint64_t value) {
  const bool eleven = value >= kNumberLimit && value < 2 * kNumberLimit;
  const Number number = value - (eleven ? kNumberLimit : 0);
  const bool ok = number >= MakeNumber(200, 0) && number < kNumberLimit;
  return {ok ? number : 0, ok};
}

}  // namespace dnc
