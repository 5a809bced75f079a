#include "dnc/number_text.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"

namespace dnc {
namespace {

// Returns the length of the UTF-8 sequence that starts at text[at], or 0 if there is none. Refuses
// overlong forms, surrogates and values above U+10FFFF, as protobuf does.
size_t SequenceLength(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
      (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
    return 0;
  }
  return length;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = SequenceLength(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string WireText(std::string_view text) {
  std::string wire(text.substr(0, kMaxNumberTextBytes));
  if (!IsUtf8(wire)) {
    std::replace_if(
        wire.begin(), wire.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; },
        '?');
  }
  return wire;
}

uint64_t PlainNumber(std::string_view text) {
  constexpr size_t kDigits = 10;
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      digits.push_back(c);
    } else if (std::string_view(" ().+/-").find(c) == std::string_view::npos) {
      return 0;
    }
  }
  for (const std::string prefix : {"001", "1"}) {
    if (digits.size() == kDigits + prefix.size() && absl::StartsWith(digits, prefix)) {
      digits.erase(0, prefix.size());
    }
  }
  uint64_t value = 0;
  return digits.size() == kDigits && absl::SimpleAtoi(digits, &value) ? value : 0;
}

bool Shows(std::string_view text, uint64_t number) {
  if (const uint64_t plain = PlainNumber(text); plain != 0) return plain == number;
  constexpr std::string_view kFullWidth = "\xEF\xBC";  // U+FF10 to U+FF19 follow with 0x90 to 0x99
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool wide = i >= 2 && text.substr(i - 2, 2) == kFullWidth;
    const int digit = static_cast<unsigned char>(text[i]) - (wide ? 0x90 : '0');
    if (digit >= 0 && digit <= 9) digits.push_back(static_cast<char>('0' + digit));
  }
  return absl::StrContains(digits, absl::StrFormat("%010d", number));
}

}  // namespace dnc
