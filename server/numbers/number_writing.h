// The characters that a number may be written with. The code that reads a number shares them with
// the code that explains why a text is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dnc {

// The first character of a text in UTF-8.
struct Utf8Character {
  uint32_t code = 0;
  size_t length = 0;  // in bytes; 0 if the text is empty or does not start with valid UTF-8
};
Utf8Character FirstCharacter(std::string_view text);

// Describes the first character of `text` in printable ASCII, for a message: "the character U+202E
// (right-to-left override ...)", "the byte 0x92, which is no UTF-8". `text` must not be empty.
std::string DescribeCharacter(std::string_view text);

// What a character means within a number. Invisible marks count as separators.
enum class Symbol : uint8_t { kOther, kDigit, kSeparator, kPlus };
Symbol SymbolOf(uint32_t code);

// Returns what an ASCII character means.
constexpr Symbol PlainSymbolOf(unsigned char c) {
  if (c >= '0' && c <= '9') return Symbol::kDigit;
  if (c == '+') return Symbol::kPlus;
  const bool separator = c == ' ' || c == '.' || c == '-' || c == '/' || c == '(' || c == ')';
  return separator ? Symbol::kSeparator : Symbol::kOther;
}

// Returns the value of a digit (Symbol::kDigit), be it ASCII or full-width.
constexpr uint32_t DigitValue(uint32_t code) { return code & 0xF; }

// Returns `text` without what may surround a number: blanks, quotes, invisible marks, the `=` of a
// spreadsheet's `="2015550123"`, and `tel:`.
std::string_view NumberWriting(std::string_view text);

// A text of more bytes than this is no number.
inline constexpr size_t kLongestWriting = 64;

}  // namespace dnc
