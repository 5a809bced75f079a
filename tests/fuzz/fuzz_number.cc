// The number reader: a number that it accepts is well formed, and made of the text's last digits.
#include <cstring>
#include <string>

#include "server/base/check.h"
#include "server/numbers/phone_number.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A copy of exactly this size, so that reading past it is found.
  const std::string text(reinterpret_cast<const char*>(data), size);
  const dnc::ParsedNumber parsed = dnc::ParseNumber(text);
  DNC_CHECK(parsed.ok || parsed.number == 0, "a malformed number is 0");
  if (parsed.ok) {
    DNC_CHECK(parsed.number < dnc::kNumberLimit, "ten digits");
    DNC_CHECK(dnc::IsAreaCode(dnc::AreaCodeOf(parsed.number)), "an area code");
    std::string digits;
    for (const char c : text) {
      if (c >= '0' && c <= '9') digits.push_back(c);
    }
    const std::string expected = std::to_string(parsed.number);
    DNC_CHECK(digits == expected || digits == "1" + expected || digits == "001" + expected,
              "the text's digits");
  }
  uint64_t value = 0;
  std::memcpy(&value, data, size < sizeof(value) ? size : sizeof(value));
  const dnc::ParsedNumber normalized = dnc::NormalizeNumber(value);
  DNC_CHECK(!normalized.ok || (dnc::IsAreaCode(dnc::AreaCodeOf(normalized.number)) &&
                               normalized.number % dnc::kNumberLimit == value % dnc::kNumberLimit),
            "a normalised number");
  return 0;
}
