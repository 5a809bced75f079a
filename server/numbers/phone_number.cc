#include "server/numbers/phone_number.h"

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/str_format.h"
#include "server/base/str_cat.h"
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

// The digits of a written number, collected into one integer.
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
        // The longest form has thirteen digits, 001 and ten more, so the value cannot overflow.
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

// Reads eleven digits; they are malformed unless the first is 1.
ParsedNumber AfterCountryCode(uint64_t value) {
  const bool good = value >= kNumberLimit && value < 2 * kNumberLimit;
  return good ? National(value - kNumberLimit) : kMalformed;
}

// Reads ten digits and nothing else, the usual case in bulk data, eight of them at once.
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

// Reads `2015550123.0`, as programs write a number that they store as a fraction. Returns nullopt
// if `text` is not digits, a dot and zeros, or if the dot may separate groups of a number, as in
// 201.5550000.
std::optional<ParsedNumber> ReadFraction(std::string_view text) {
  if (text.empty() || text.back() != '0') return std::nullopt;
  const size_t whole = CountPlainDigits(text);
  if (whole == text.size() || text[whole] != '.') return std::nullopt;
  const std::string_view zeros = text.substr(whole + 1);
  if (zeros.find_first_not_of('0') != std::string_view::npos) return std::nullopt;
  if (IsWholeNumber(whole)) return FromPlainDigits(text.substr(0, whole));
  if (zeros.size() == 4 || zeros.size() == 7) return std::nullopt;
  return kMalformed;  // 201555012.0 has nine digits; it is not 2015550120
}

// Reads `2.015550123E+09`, but only with all its digits: 2.01555E+09 has lost some.
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
    case kNationalDigits + 3:  // after 001, whose zeros the value has lost
      return digits.plus ? kMalformed : AfterCountryCode(digits.value);
    default:
      return kMalformed;
  }
}

namespace {

struct NamedCharacter {
  uint32_t code;
  std::string_view name;
};
constexpr std::array<NamedCharacter, 10> kNames = {{
    {0x00, "NUL: the text is damaged, or in UTF-16"},
    {0x09, "a tab"},
    {0x0A, "a line end"},
    {0x0D, "a carriage return: are the line ends those of an old Macintosh?"},
    {0x1A, "Ctrl-Z, the end of a DOS file"},
    {0x202E, "right-to-left override: it shows the digits in another order than they are stored"},
    {0xFFFD, "it stands for what could not be decoded"},
    {0x2018, "a quote"},
    {0x2019, "a quote"},
    {0x2026, "dots: the number is cut"},
}};

std::string CharacterText(uint32_t code) {
  const auto* const named = std::find_if(
      kNames.begin(), kNames.end(), [code](const NamedCharacter& c) { return c.code == code; });
  std::string text = absl::StrFormat("the character U+%04X", code);
  if (named != kNames.end()) return StrCat(text, " (", named->name, ")");
  if (code > 0x20 && code < 0x7F)
    return StrCat(text, " `", std::string(1, static_cast<char>(code)), "`");
  return text;
}

}  // namespace

std::string DescribeCharacter(std::string_view text) {
  const Utf8Character first = FirstCharacter(text);
  if (first.length > 0) return CharacterText(first.code);
  return absl::StrFormat("the byte 0x%02X, which is no UTF-8",
                         static_cast<unsigned char>(text.front()));
}

namespace {

// Returns whether `text` has the form of `2.01555E+09`.
bool IsPowerOfTen(std::string_view text) {
  const size_t power = text.find_first_of("eE");
  if (power == 0 || power == std::string_view::npos || power + 1 == text.size()) return false;
  const std::string_view number = text.substr(0, power);
  const std::string_view after = text.substr(power + 1);
  return number.find_first_not_of("0123456789.,") == std::string_view::npos &&
         after.find_first_not_of("0123456789+-") == std::string_view::npos;
}

std::string WrongCount(std::string_view digits, bool plus) {
  const size_t count = digits.size();
  const bool international = count == 13 && digits.substr(0, 3) == "001";
  if (plus && (count == 10 || digits.substr(0, 1) != "1")) {
    return "after a `+` it must have the country code 1";
  }
  if (count == 10 || (count == 11 && digits[0] == '1') || international) {
    return "its area code starts with 0 or 1, which none does";
  }
  if (count == 11) return "it has eleven digits, and the first is no 1";
  if (count == 0) return "it has no digits";
  return StrCat("it has ", count, count == 1 ? " digit" : " digits",
                "; a number has ten, or eleven with a leading 1");
}

}  // namespace

std::string WhyNoNumber(std::string_view text) {
  if (text.size() > kLongestWriting) return "it is longer than any writing of a number";
  const std::string_view writing = NumberWriting(text);
  if (writing.empty()) return "it is empty";
  if (IsPowerOfTen(writing)) {
    return "it is in scientific notation, as spreadsheets show long numbers, and has lost digits; "
           "give the column the format `text`, and save it again from its source";
  }
  std::string digits;
  bool plus = false;
  for (size_t at = 0; at < writing.size();) {
    const Utf8Character character = FirstCharacter(writing.substr(at));
    if (character.length == 0) return StrCat("it holds ", DescribeCharacter(writing.substr(at)));
    const Symbol symbol = SymbolOf(character.code);
    if (symbol == Symbol::kOther) return StrCat("it holds ", CharacterText(character.code));
    if (symbol == Symbol::kPlus && (plus || !digits.empty())) {
      return "it holds a `+` that is not at its start";
    }
    if (symbol == Symbol::kDigit) {
      digits.push_back(static_cast<char>('0' + DigitValue(character.code)));
    }
    plus = plus || symbol == Symbol::kPlus;
    at += character.length;
  }
  const size_t dot = writing.find('.');
  if (dot != std::string_view::npos && dot + 1 < writing.size() &&
      writing.find_first_not_of("0123456789") == dot &&
      writing.find_first_not_of('0', dot + 1) == std::string_view::npos) {
    return "as a number with a fraction, it has not ten digits before the dot";
  }
  return WrongCount(digits, plus);
}

}  // namespace dnc
