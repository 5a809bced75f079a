#include "server/numbers/phone_number.h"

#include <algorithm>
#include <array>
#include <optional>

#include "server/numbers/digits.h"
#include "server/numbers/number_writing.h"

namespace dnc {
namespace {

constexpr size_t kNationalDigits = 10;
constexpr ParsedNumber kMalformed;

constexpr std::array<Symbol, 128> MakePlainSymbols() {
  std::array<Symbol, 128> symbols{};
  for (unsigned char c = 0; c < symbols.size(); ++c) symbols[c] = PlainSymbolOf(c);
  return symbols;
}
constexpr std::array<Symbol, 128> kPlainSymbols = MakePlainSymbols();

// The digits of a writing, taken as one integer.
struct Digits {
  uint64_t value = 0;
  size_t count = 0;
  bool plus = false;
};

bool CollectDigits(std::string_view text, Digits& digits) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    Utf8Character character{byte, 1};
    if (byte >= 0x80) character = FirstCharacter(text.substr(i));
    switch (byte < 0x80 ? kPlainSymbols[byte] : SymbolOf(character.code)) {
      case Symbol::kDigit:
        digits.value = digits.value * 10 + DigitValue(character.code);
        // Thirteen is the longest writing, 001 and ten digits; the value cannot overflow.
        if (++digits.count > 13) return false;
        break;
      case Symbol::kSeparator:
        break;
      case Symbol::kPlus:
        if (digits.plus || digits.count > 0) return false;
        digits.plus = true;
        break;
      case Symbol::kOther:
        return false;
    }
    i += character.length;
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

bool IsPlainDigit(char c) { return c >= '0' && c <= '9'; }

size_t CountPlainDigits(std::string_view text) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), IsPlainDigit) -
                             text.begin());
}

uint64_t ValueOf(std::string_view digits) {
  uint64_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<uint64_t>(c - '0');
  return value;
}

ParsedNumber FromPlainDigits(std::string_view digits) {
  return digits.size() == kNationalDigits ? National(ValueOf(digits))
                                          : AfterCountryCode(ValueOf(digits));
}

bool IsWholeNumber(size_t digits) {
  return digits == kNationalDigits || digits == kNationalDigits + 1;
}

// `2015550123.0`, as programs write a number that they keep as a fraction. Nothing if `text` is
// not digits, a dot and zeros; or if the dot may part the groups of a number, as in 201.5550000.
std::optional<ParsedNumber> ReadFraction(std::string_view text) {
  if (text.empty() || text.back() != '0') return std::nullopt;
  const size_t whole = CountPlainDigits(text);
  if (whole == text.size() || text[whole] != '.') return std::nullopt;
  const std::string_view zeros = text.substr(whole + 1);
  if (zeros.find_first_not_of('0') != std::string_view::npos) return std::nullopt;
  if (IsWholeNumber(whole)) return FromPlainDigits(text.substr(0, whole));
  if (zeros.size() == 4 || zeros.size() == 7) return std::nullopt;
  return kMalformed;  // 201555012.0 is a number of nine digits, and not 2015550120
}

// `2.015550123E+09`, but only with all its digits: 2.01555E+09 has lost some.
ParsedNumber ReadPowerOfTen(std::string_view text) {
  constexpr size_t kShortest = sizeof("2.015550123E9") - 1;
  if (text.size() < kShortest || text[1] != '.' || !IsPlainDigit(text[0])) return kMalformed;
  const size_t decimals = CountPlainDigits(text.substr(2));
  std::string_view power = text.substr(2 + decimals);
  if (power.empty() || (power[0] | 0x20) != 'e') return kMalformed;
  power.remove_prefix(1);
  if (!power.empty() && power[0] == '+') power.remove_prefix(1);
  const bool plain = !power.empty() && power.size() <= 3 && CountPlainDigits(power) == power.size();
  if (!plain || ValueOf(power) != decimals || !IsWholeNumber(decimals + 1)) return kMalformed;
  std::array<char, kNationalDigits + 1> digits{};
  digits[0] = text[0];
  std::copy_n(text.begin() + 2, decimals, digits.begin() + 1);
  return FromPlainDigits({digits.data(), decimals + 1});
}

}  // namespace

ParsedNumber ParseNumber(std::string_view text) {
  if (uint64_t value = 0; text.size() == kNationalDigits && ReadTenDigits(text.data(), value)) {
    return National(value);
  }
  if (text.size() > kLongestWriting) return kMalformed;
  const std::string_view writing = NumberWriting(text);
  if (const std::optional<ParsedNumber> whole = ReadFraction(writing)) return *whole;
  Digits digits;
  if (!CollectDigits(writing, digits)) return ReadPowerOfTen(writing);
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
