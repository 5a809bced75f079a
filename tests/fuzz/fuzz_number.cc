// Reads numbers: an accepted number is well formed and made of the text's digits; for a refused
// text the reason is given, without a number in it.
#include <cstring>
#include <string>

#include "server/base/check.h"
#include "server/numbers/number_writing.h"
#include "server/numbers/phone_number.h"

namespace {

std::string DigitsOf(std::string_view text) {
  std::string digits;
  while (!text.empty()) {
    const dnc::Utf8Character first = dnc::FirstCharacter(text);
    DNC_CHECK(first.length > 0, "what is read is UTF-8");
    if (dnc::SymbolOf(first.code) == dnc::Symbol::kDigit) {
      digits.push_back(static_cast<char>('0' + dnc::DigitValue(first.code)));
    }
    text.remove_prefix(first.length);
  }
  return digits;
}

// Returns the digits without the power of ten, and without the zeros of a fraction.
std::string WholeDigits(std::string_view text) {
  const std::string_view writing = dnc::NumberWriting(text);
  const size_t power = writing.find_first_of("eE");
  if (power != std::string_view::npos) return DigitsOf(writing.substr(0, power));
  const size_t dot = writing.find('.');
  return dot == 10 || dot == 11 ? DigitsOf(writing.substr(0, dot)) : DigitsOf(writing);
}

void CheckProblem(const std::string& text) {
  const std::string why = dnc::WhyNoNumber(text);
  int run = 0;
  for (const char c : why) {
    run = c >= '0' && c <= '9' ? run + 1 : 0;
    DNC_CHECK(c >= 0x20 && c < 0x7F && run < 7, "a reason is printable, and shows no number");
  }
  DNC_CHECK(!why.empty(), "a refused text has a reason");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // The copy has exactly this size, so that reading past it is found.
  const std::string text(reinterpret_cast<const char*>(data), size);
  const dnc::ParsedNumber parsed = dnc::ParseNumber(text);
  DNC_CHECK(parsed.ok || parsed.number == 0, "a malformed number is 0");
  if (parsed.ok) {
    DNC_CHECK(parsed.number < dnc::kNumberLimit, "ten digits");
    DNC_CHECK(dnc::IsAreaCode(dnc::AreaCodeOf(parsed.number)), "an area code");
    const std::string expected = std::to_string(parsed.number);
    bool same = false;
    for (const std::string& digits : {DigitsOf(text), WholeDigits(text)}) {
      same = same || digits == expected || digits == "1" + expected || digits == "001" + expected;
    }
    DNC_CHECK(same, "the text's digits");
  } else {
    CheckProblem(text);
  }
  uint64_t value = 0;
  std::memcpy(&value, data, size < sizeof(value) ? size : sizeof(value));
  const dnc::ParsedNumber normalized = dnc::NormalizeNumber(value);
  DNC_CHECK(!normalized.ok || (dnc::IsAreaCode(dnc::AreaCodeOf(normalized.number)) &&
                               normalized.number % dnc::kNumberLimit == value % dnc::kNumberLimit),
            "a normalised number");
  return 0;
}
