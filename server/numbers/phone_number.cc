#include "server/numbers/phone_number.h"

#include <array>

#include "server/numbers/digits.h"

namespace dnc {
namespace {

constexpr size_t kLongestWriting = 64;
constexpr int kNationalDigits = 10;
constexpr ParsedNumber kMalformed;

enum class Symbol : uint8_t { kOther, kDigit, kSeparator, kPlus, kDashLead, kSpaceLead };

constexpr std::array<Symbol, 256> MakeSymbols() {
  std::array<Symbol, 256> symbols{};
  for (unsigned char c = '0'; c <= '9'; ++c) symbols[c] = Symbol::kDigit;
  for (const char c : std::string_view(" .-/()")) {
    symbols[static_cast<unsigned char>(c)] = Symbol::kSeparator;
  }
  symbols['+'] = Symbol::kPlus;
  symbols[0xE2] = Symbol::kDashLead;   // U+2010 to U+2015, U+2212
  symbols[0xC2] = Symbol::kSpaceLead;  // U+00A0
  return symbols;
}
constexpr std::array<Symbol, 256> kSymbols = MakeSymbols();

constexpr bool IsBlankOrQuote(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '"' || c == '\'';
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlankOrQuote(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlankOrQuote(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view WithoutScheme(std::string_view text) {
  const bool has_scheme = text.size() > 4 && (text[0] | 0x20) == 't' && (text[1] | 0x20) == 'e' &&
                          (text[2] | 0x20) == 'l' && text[3] == ':';
  return has_scheme ? text.substr(4) : text;
}

// Bytes of the dash or no-break space that `text` starts with; 0 if it is none.
size_t WideSeparatorLength(std::string_view text) {
  if (text.size() >= 2 && text[0] == '\xC2' && text[1] == '\xA0') return 2;
  if (text.size() < 3 || text[0] != '\xE2') return 0;
  const auto last = static_cast<unsigned char>(text[2]);
  if (text[1] == '\x80' && last >= 0x90 && last <= 0x95) return 3;
  return text[1] == '\x88' && last == 0x92 ? 3 : 0;
}

// The digits of a writing, taken as one integer.
struct Digits {
  uint64_t value = 0;
  int count = 0;
  bool plus = false;
};

bool CollectDigits(std::string_view text, Digits& digits) {
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    switch (kSymbols[static_cast<unsigned char>(c)]) {
      case Symbol::kDigit:
        digits.value = digits.value * 10 + static_cast<uint64_t>(c - '0');
        // Thirteen is the longest writing, 001 and ten digits; the value cannot overflow.
        if (++digits.count > 13) return false;
        ++i;
        break;
      case Symbol::kSeparator:
        ++i;
        break;
      case Symbol::kPlus:
        if (digits.plus || digits.count > 0) return false;
        digits.plus = true;
        ++i;
        break;
      case Symbol::kDashLead:
      case Symbol::kSpaceLead: {
        const size_t length = WideSeparatorLength(text.substr(i));
        if (length == 0) return false;
        i += length;
        break;
      }
      case Symbol::kOther:
        return false;
    }
  }
  return true;
}

ParsedNumber National(uint64_t value) {
  const bool good = value < kNumberLimit && IsAreaCode(AreaCodeOf(value));
  return good ? ParsedNumber{value, true} : kMalformed;
}

// Of eleven digits; malformed unless the first is 1.
ParsedNumber AfterCountryCode(uint64_t value) {
  const bool good = value >= kNumberLimit && value < 2 * kNumberLimit;
  return good ? National(value - kNumberLimit) : kMalformed;
}

// Ten digits and nothing else: the usual case in bulk data, eight of them at a stroke.
bool ReadTenDigits(const char* text, uint64_t& value) {
  const uint64_t eight = LoadEight(text) ^ kEightZeros;
  const auto ninth = static_cast<unsigned>(text[8] - '0');
  const auto tenth = static_cast<unsigned>(text[9] - '0');
  if (!AreEightDigits(eight) || ninth > 9 || tenth > 9) return false;
  value = uint64_t{EightDigitValue(eight)} * 100 + ninth * 10 + tenth;
  return true;
}

}  // namespace

ParsedNumber ParseNumber(std::string_view text) {
  if (uint64_t value = 0; text.size() == kNationalDigits && ReadTenDigits(text.data(), value)) {
    return National(value);
  }
  if (text.size() > kLongestWriting) return kMalformed;
  Digits digits;
  if (!CollectDigits(WithoutScheme(Trim(text)), digits)) return kMalformed;
  switch (digits.count) {
    case kNationalDigits:
      return digits.plus ? kMalformed : National(digits.value);
    case kNationalDigits + 1:
      return AfterCountryCode(digits.value);
    case kNationalDigits + 3:  // 001: its zeros are gone from the value
      return digits.plus ? kMalformed : AfterCountryCode(digits.value);
    default:
      return kMalformed;
  }
}

std::string MaskedNumber(Number number) {
  if (number >= kNumberLimit) return "***-***-****";
  const auto area_code = static_cast<unsigned>(AreaCodeOf(number));
  std::string masked = "000-***-****";
  masked[0] = static_cast<char>('0' + area_code / 100);
  masked[1] = static_cast<char>('0' + area_code / 10 % 10);
  masked[2] = static_cast<char>('0' + area_code % 10);
  return masked;
}

}  // namespace dnc
