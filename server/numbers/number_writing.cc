#include "server/numbers/number_writing.h"

#include <algorithm>
#include <array>

namespace dnc {
namespace {

constexpr bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

struct Range {
  uint32_t first;
  uint32_t last;
};

constexpr bool IsIn(uint32_t code, Range range) {
  return code >= range.first && code <= range.last;
}

// Invisible characters: the soft hyphen, zero-width marks, and marks that set the direction of
// text. U+202E is not among them: it reverses the digits that a reader sees, so a number with it
// can be read in two ways.
constexpr std::array<Range, 8> kMarks = {{{0xAD, 0xAD},
                                          {0x061C, 0x061C},
                                          {0x200B, 0x200F},
                                          {0x202A, 0x202D},
                                          {0x2060, 0x2060},
                                          {0x2066, 0x2069},
                                          {0xFEFF, 0xFEFF},
                                          {0x180E, 0x180E}}};
constexpr std::array<Range, 5> kSpaces = {
    {{0xA0, 0xA0}, {0x2000, 0x200A}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}}};
// Hyphens and dashes, and the full-width forms of parentheses, hyphen, dot and slash.
constexpr std::array<Range, 4> kPunctuation = {
    {{0x2010, 0x2015}, {0x2212, 0x2212}, {0xFF08, 0xFF09}, {0xFF0D, 0xFF0F}}};
constexpr std::array<Range, 2> kQuotes = {{{0x2018, 0x2019}, {0x201C, 0x201D}}};
constexpr Range kFullWidthDigits = {0xFF10, 0xFF19};
constexpr uint32_t kFullWidthPlus = 0xFF0B;

template <size_t N>
bool IsAmong(uint32_t code, const std::array<Range, N>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [code](const Range& range) { return IsIn(code, range); });
}

constexpr bool IsPlainBlankOrQuote(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '"' || c == '\'';
}

// Returns the length of the blank, quote or mark that starts `text`; 0 if it starts with anything
// else.
size_t BlankAtStart(std::string_view text) {
  if (text.empty()) return 0;
  if (static_cast<unsigned char>(text.front()) < 0x80) {
    return IsPlainBlankOrQuote(text.front()) ? 1 : 0;
  }
  const Utf8Character first = FirstCharacter(text);
  const bool blank =
      IsAmong(first.code, kMarks) || IsAmong(first.code, kSpaces) || IsAmong(first.code, kQuotes);
  return blank ? first.length : 0;
}

// Returns the same for the last character.
size_t BlankAtEnd(std::string_view text) {
  if (text.empty()) return 0;
  size_t length = 1;
  while (length < 4 && length < text.size() && IsContinuation(text[text.size() - length])) {
    ++length;
  }
  return BlankAtStart(text.substr(text.size() - length)) == length ? length : 0;
}

std::string_view Trim(std::string_view text) {
  size_t length = 0;
  while ((length = BlankAtStart(text)) > 0) text.remove_prefix(length);
  while ((length = BlankAtEnd(text)) > 0) text.remove_suffix(length);
  return text;
}

std::string_view WithoutScheme(std::string_view text) {
  const bool has_scheme = text.size() > 4 && (text[0] | 0x20) == 't' && (text[1] | 0x20) == 'e' &&
                          (text[2] | 0x20) == 'l' && text[3] == ':';
  return has_scheme ? text.substr(4) : text;
}

}  // namespace

Utf8Character FirstCharacter(std::string_view text) {
  if (text.empty()) return {};
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xC2 || lead > 0xF4) return {};
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (text.size() < length) return {};
  uint32_t code = lead & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return {};
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  constexpr std::array<uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kLeast[length] || code > 0x10FFFF || surrogate) return {};
  return {code, length};
}

Symbol SymbolOf(uint32_t code) {
  if (code < 0x80) return PlainSymbolOf(static_cast<unsigned char>(code));
  if (IsIn(code, kFullWidthDigits)) return Symbol::kDigit;
  if (code == kFullWidthPlus) return Symbol::kPlus;
  const bool separator =
      IsAmong(code, kMarks) || IsAmong(code, kSpaces) || IsAmong(code, kPunctuation);
  return separator ? Symbol::kSeparator : Symbol::kOther;
}

std::string_view NumberWriting(std::string_view text) {
  text = Trim(text);
  if (!text.empty() && text.front() == '=') text = Trim(text.substr(1));
  return WithoutScheme(text);
}

}  // namespace dnc
