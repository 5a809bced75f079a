#include "server/numbers/phone_number.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <phonenumbers/phonenumberutil.h>

#include <random>
#include <vector>

namespace dnc {
namespace {

using ::i18n::phonenumbers::PhoneNumber;
using ::i18n::phonenumbers::PhoneNumberUtil;

constexpr Number kExample = 2015550123;

TEST(PhoneNumber, ReadsUsualWritings) {
  for (const char* text :
       {"2015550123", "12015550123", "0012015550123", "+12015550123", "201-555-0123",
        "(201) 555-0123", "+1.201.555.0123", "1 (201) 555 0123", "201.555.0123", "201/555-0123",
        "tel:+1-201-555-0123", "TEL:2015550123", "  2015550123\r\n", "\"2015550123\"",
        "'2015550123", "\t\"(201) 555-0123\" ",
        "201\xC2\xA0"
        "555\xC2\xA0"
        "0123",
        "201\xE2\x80\x93"
        "555\xE2\x88\x92"
        "0123",
        "001-201-555-0123"}) {
    const ParsedNumber parsed = ParseNumber(text);
    EXPECT_TRUE(parsed.ok) << text;
    EXPECT_EQ(parsed.number, kExample) << text;
  }
  EXPECT_EQ(ParseNumber("818,0000818").ok, false);
  EXPECT_EQ(ParseNumber("8180000818").number, 8180000818);
  EXPECT_EQ(ParseNumber("9999999999").number, 9999999999);
}

// Spreadsheets, telephones and address books put these things around a number.
TEST(PhoneNumber, ReadsWhatProgramsMakeOfNumbers) {
  for (const char* text : {"2015550123.0",
                           "12015550123.00",
                           "2015550123.0000",
                           "=\"2015550123\"",
                           "=2015550123",
                           "=\"+1 (201) 555-0123\"",
                           "\"=\"\"2015550123\"\"\"",
                           "2.015550123E+09",
                           "2.015550123e9",
                           "1.2015550123E+10",
                           "\u202A2015550123\u202C",
                           "\u202D(201) 555-0123\u202C",
                           "\u200E+1 201 555 0123\u200F",
                           "\u20662015550123\u2069",
                           "\uFEFF2015550123",
                           "201\u200B555\u200D0123",
                           "201\u00AD555\u20600123",
                           "201\u2009555\u202F0123",
                           "201\u3000555\u30000123",
                           "\u2018"
                           "2015550123\u2019",
                           "\u201C(201) 555-0123\u201D",
                           "\uFF12\uFF10\uFF11\uFF15\uFF15\uFF15\uFF10\uFF11\uFF12\uFF13",
                           "\uFF0B\uFF11\uFF08\uFF12\uFF10\uFF11\uFF09555\uFF0D0123",
                           "\u00A0\u202A\"2015550123\"",
                           "' 2015550123",
                           "\u061C2015550123"}) {
    const ParsedNumber parsed = ParseNumber(text);
    EXPECT_TRUE(parsed.ok) << text;
    EXPECT_EQ(parsed.number, kExample) << text;
  }
  // These zeros are groups of a number and not a fraction.
  EXPECT_EQ(ParseNumber("201.5550000").number, 2015550000);
  EXPECT_EQ(ParseNumber("201555.0000").number, 2015550000);
  EXPECT_EQ(ParseNumber("201.000.0000").number, 2010000000);
}

TEST(PhoneNumber, RefusesWhatHasTwoReadings) {
  for (const char* text : {"201555012.0",
                           "1201555012.0",
                           "201555012.00",
                           "20155501230.0",
                           "2015550123.5",
                           "2.01555E+09",
                           "2.0155501E+09",
                           "2.01555012E+09",
                           "2.015550123E+08",
                           "2.015550123E-09",
                           "2.0155501230E+09",
                           "20.15550123E+08",
                           "2,01555E+09",
                           "\u202E3210555102\u202C",
                           "\u0662\u0660\u0661\u0665\u0665\u0665\u0660\u0661\u0662\u0663",
                           "=",
                           "==2015550123",
                           "2015550123\u2026",
                           "2015550123\uFFFD",
                           "2015550123 \u20AC"}) {
    const ParsedNumber parsed = ParseNumber(text);
    EXPECT_FALSE(parsed.ok) << text;
    EXPECT_EQ(parsed.number, 0) << text;
  }
}

TEST(PhoneNumber, SaysWhatIsInTheWay) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "empty"},
      {" \u200B ", "empty"},
      {"2015550123x5", "U+0078 `x`"},
      {"\u202E3210555102\u202C", "U+202E (right-to-left override"},
      {std::string("201555") + '\0' + "123", "U+0000 (NUL"},
      {"2015550123\x1A", "U+001A (Ctrl-Z"},
      {"2015550123\r2015550124", "U+000D (a carriage return"},
      {"2015550123\u2026", "U+2026"},
      {"2015550123\x92", "the byte 0x92"},
      {"2.0155501E+09", "scientific notation"},
      {"201555012.0", "ten digits before the dot"},
      {"201555012", "it has 9 digits"},
      {"20155501234", "the first is no 1"},
      {"1015550123", "area code starts with 0 or 1"},
      {"11015550123", "area code starts with 0 or 1"},
      {"+442015550123", "country code 1"},
      {"+2015550123", "country code 1"},
      {"1+2015550123", "not at its start"},
      {"nan", "U+006E `n`"},
      {std::string(70, '2'), "longer"},
  };
  for (const auto& [text, hint] : cases) {
    ASSERT_FALSE(ParseNumber(text).ok) << text;
    EXPECT_THAT(WhyNoNumber(text), ::testing::HasSubstr(hint)) << text;
  }
}

TEST(PhoneNumber, RefusesTheRest) {
  for (const char* text : {"",
                           " ",
                           "+",
                           "tel:",
                           "201555012",
                           "20155501234",
                           "1015550123",
                           "0015550123",
                           "11015550123",
                           "02015550123",
                           "0002015550123",
                           "0112015550123",
                           "+2015550123",
                           "+0012015550123",
                           "+442015550123",
                           "++12015550123",
                           "1+2015550123",
                           "201555012x",
                           "2015550123x5",
                           "2015550123 ext 5",
                           "201-555-CALL",
                           "2015550123,",
                           "201,5550123",

                           "201_555_0123",
                           "201\t5550123",
                           "201\xE2\x80"
                           "5550123",
                           "2015550123\xE2",
                           "2015550123\xC2",
                           "201*5550123",
                           "12 2015550123",
                           "nan",
                           "11111111111111111111111111111111"}) {
    const ParsedNumber parsed = ParseNumber(text);
    EXPECT_FALSE(parsed.ok) << text;
    EXPECT_EQ(parsed.number, 0) << text;
  }
  EXPECT_TRUE(ParseNumber(std::string(54, ' ') + "2015550123").ok);
  EXPECT_FALSE(ParseNumber(std::string(55, ' ') + "2015550123").ok);
  EXPECT_FALSE(ParseNumber(std::string("201555") + '\0' + "123").ok);
}

TEST(PhoneNumber, RefusesAnyOtherByteInTenDigits) {
  for (size_t at = 0; at < 10; ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = "2015550123";
      text[at] = static_cast<char>(byte);
      const bool digit = byte >= '0' && byte <= '9' && (at > 0 || byte >= '2');
      const ParsedNumber parsed = ParseNumber(text);
      EXPECT_EQ(parsed.ok, digit) << at << " " << byte;
      EXPECT_EQ(parsed.number, digit ? std::stoull(text) : 0) << at << " " << byte;
    }
  }
}

TEST(PhoneNumber, NormalizesIntegers) {
  EXPECT_EQ(NormalizeNumber(kExample).number, kExample);
  EXPECT_EQ(NormalizeNumber(10'000'000'000 + kExample).number, kExample);
  EXPECT_EQ(NormalizeNumber(2'000'000'000).number, 2'000'000'000);
  for (const uint64_t value : {uint64_t{0}, uint64_t{1'999'999'999}, uint64_t{11'999'999'999},
                               uint64_t{20'000'000'000}, uint64_t{22'015'550'123}, ~uint64_t{0}}) {
    EXPECT_FALSE(NormalizeNumber(value).ok) << value;
    EXPECT_EQ(NormalizeNumber(value).number, 0) << value;
  }
}

// Returns the number that libphonenumber reads as a US number; 0 if it reads none.
Number PeerNumber(const std::string& text) {
  PhoneNumber peer;
  const auto error = PhoneNumberUtil::GetInstance()->Parse(text, "US", &peer);
  const bool good = error == PhoneNumberUtil::NO_PARSING_ERROR && peer.country_code() == 1;
  return good ? peer.national_number() : 0;
}

std::string PickFrom(std::mt19937_64& random, const std::vector<std::string>& choices) {
  return choices[random() % choices.size()];
}

std::string Decorated(std::mt19937_64& random, Number number) {
  const std::vector<std::string> separators = {"",
                                               " ",
                                               ".",
                                               "-",
                                               "/",
                                               "\xC2\xA0",
                                               "\xE2\x80\x90",
                                               "\xE2\x80\x93",
                                               "\xE2\x80\x94",
                                               "\xE2\x88\x92",
                                               " - "};
  const std::string digits = std::to_string(number);
  const std::string area = digits.substr(0, 3);
  std::string text = PickFrom(random, {"", " ", "\"", "tel:", "'", "\t"});
  text += PickFrom(random, {"", "", "1", "+1"});
  text += PickFrom(random, separators);
  text += random() % 2 == 0 ? area : "(" + area + ")";
  text += PickFrom(random, separators) + digits.substr(3, 3);
  text += PickFrom(random, separators) + digits.substr(6);
  return text + PickFrom(random, {"", " ", "\"", "\r\n"});
}

TEST(PhoneNumber, ReadsWhatLibphonenumberReads) {
  std::mt19937_64 random(20260805);
  for (int i = 0; i < 20'000; ++i) {
    const Number number = MakeNumber(200 + static_cast<int>(random() % 800),
                                     2'000'000 + static_cast<uint32_t>(random() % 8'000'000));
    const std::string text = Decorated(random, number);
    const ParsedNumber parsed = ParseNumber(text);
    ASSERT_TRUE(parsed.ok) << text;
    ASSERT_EQ(parsed.number, number) << text;
    ASSERT_EQ(PeerNumber(text), number) << text;
  }
}

// There are two exceptions. One is 001, which is how a US number is dialed from abroad, but is not
// libphonenumber's prefix for international calls from the US.
TEST(PhoneNumber, AcceptsNothingThatLibphonenumberReadsOtherwise) {
  std::mt19937_64 random(818);
  const std::vector<std::string> pieces = {
      "0",    "1",   "2", "5", "9", "201", "555", "0123", "+",        "+1",           " ",
      "-",    ".",   "/", "(", ")", "x",   "a",   ",",    "\xC2\xA0", "\xE2\x80\x93", "\"",
      "tel:", "ext", "#", "*", ";"};
  int accepted = 0;
  for (int i = 0; i < 400'000; ++i) {
    std::string text;
    for (uint64_t left = 1 + random() % 9; left > 0; --left) text += PickFrom(random, pieces);
    if (random() % 4 == 0) text += "2015550123";
    const ParsedNumber parsed = ParseNumber(text);
    if (!parsed.ok) continue;
    std::string digits;
    for (const char c : text) {
      if (c >= '0' && c <= '9') digits += c;
    }
    // The other exception: libphonenumber knows no fractions, and sees eleven digits in
    // 2015550123.0.
    const bool fraction =
        digits != std::to_string(parsed.number) && digits != "1" + std::to_string(parsed.number);
    if (digits.size() == 13 || fraction) continue;
    ++accepted;
    ASSERT_EQ(PeerNumber(text), parsed.number) << text;
  }
  EXPECT_GT(accepted, 1'000);
}

}  // namespace
}  // namespace dnc
