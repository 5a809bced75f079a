#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "server/base/str_cat.h"
#include "server/numbers/number_writing.h"
#include "server/numbers/phone_number.h"

namespace dnc {
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

// `2.01555E+09`
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
