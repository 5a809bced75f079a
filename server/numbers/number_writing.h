// The characters that a number may be written with: shared by what reads a number and by what says
// why a text is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dnc {

// The first character of a text in UTF-8.
struct Utf8Character {
  uint32_t code = 0;
  size_t length = 0;  // in bytes; 0 if the text is empty or no UTF-8 there
};
Utf8Character FirstCharacter(std::string_view text);

// The first character of `text` as a message may show it, in printable ASCII: "the character U+202E
// (right-to-left override ...)", "the byte 0x92, which is no UTF-8". `text` is not empty.
std::string DescribeCharacter(std::string_view text);

// What a character means within a number. Marks that are not seen are separators, too.
enum class Symbol : uint8_t { kOther, kDigit, kSeparator, kPlus };
Symbol SymbolOf(uint32_t code);

// The same of ASCII alone.
constexpr Symbol PlainSymbolOf(unsigned char c) {
  if (c >= '0' && c <= '9') return Symbol::kDigit;
  if (c == '+') return Symbol::kPlus;
  const bool separator = c == ' ' || c == '.' || c == '-' || c == '/' || c == '(' || c == ')';
  return separator ? Symbol::kSeparator : Symbol::kOther;
}

// The value of a character that is Symbol::kDigit: ASCII, or full width.
constexpr uint32_t DigitValue(uint32_t code) { return code & 0xF; }

// `text` without what may stand around a number: blanks, quotes, marks that are not seen, the `=`
// of a spreadsheet's `="2015550123"`, and `tel:`.
std::string_view NumberWriting(std::string_view text);

// Longer texts are no number, in bytes.
inline constexpr size_t kLongestWriting = 64;

}  // namespace dnc
