// Reads North American numbers in any usual writing, and takes them apart.
//
//   ParsedNumber parsed = ParseNumber("(201) 555-0123");   // {2015550123, true}
//
// A number is well formed if it has ten digits, or eleven with a leading 1, and its area code does
// not start with 0 or 1. The exchange is not checked: the registry lists numbers whose exchange
// starts with 0 or 1, and they must be found.
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

// Returns whether `area_code` is 200 to 999.
constexpr bool IsAreaCode(int area_code) { return area_code >= 200 && area_code <= 999; }

struct ParsedNumber {
  Number number = 0;  // 0 if malformed
  bool ok = false;
};

// Reads a number in any usual writing. It accepts digits (also full-width ones) with spaces (also
// no-break ones), dots, hyphens, dashes, slashes and parentheses; a leading `+1`, `1`, `001` or
// `tel:`; blanks and quotes around the number; and invisible marks (zero-width, text direction)
// anywhere. It also reads what spreadsheets make of a number, where that can mean only one number:
// `="2015550123"`, `2015550123.0`, and `2.015550123E+09` with all its digits. Letters, extensions,
// other country codes, another count of digits, more than 64 bytes, and U+202E (which shows the
// digits in another order than the text stores them) make the text malformed. Never reads past
// `text`, and allocates nothing.
ParsedNumber ParseNumber(std::string_view text);

// Explains why ParseNumber reads no number in `text`, as the end of a sentence: "it has 9 digits; a
// number has ten, or eleven with a leading 1". It names the character that is in the way if there
// is one, shows no digits, and is printable ASCII. Call it only for a text that ParseNumber does
// not read.
std::string WhyNoNumber(std::string_view text);

// Normalizes ten digits, or eleven with a leading 1, given as an integer. It has no branches, since
// it runs for every number of a batch.
constexpr ParsedNumber NormalizeNumber(uint64_t value) {
  const bool eleven = value >= kNumberLimit && value < 2 * kNumberLimit;
  const Number number = value - (eleven ? kNumberLimit : 0);
  const bool ok = number >= MakeNumber(200, 0) && number < kNumberLimit;
  return {ok ? number : 0, ok};
}

}  // namespace dnc
