#include "server/dialer/phone_list.h"

#include <algorithm>
#include <string>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/numbers/number_writing.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {

constexpr size_t kPlainDigits = 10;

std::string_view WithoutLineEnd(std::string_view text) {
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

// Whether some reader may take the character for the end of a line, or cannot show it.
bool IsControl(uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029;
}

absl::Status CheckEntry(std::string_view entry, size_t place) {
  const auto bad = [place](std::string_view what) {
    return InvalidRequest(StrCat("entry ", place, " of `phoneList` ", what));
  };
  if (entry.size() > kMaxPhoneEntryBytes) {
    return bad(StrCat("has more than ", kMaxPhoneEntryBytes, " bytes; join the numbers by commas"));
  }
  while (!entry.empty()) {
    const Utf8Character character = FirstCharacter(entry);
    if (character.length == 0) return bad("is not UTF-8");
    if (character.code == '"') return bad("has a quote; send numbers and ids without quotes");
    if (IsControl(character.code)) {
      return bad("has a line end or another control character; join the numbers by commas");
    }
    entry.remove_prefix(character.length);
  }
  return absl::OkStatus();
}

}  // namespace

PhoneListReader::PhoneListReader(std::string_view text) : rest_(WithoutLineEnd(text)) {
  if (!rest_.empty()) {
    count_ = 1 + static_cast<size_t>(std::count(rest_.begin(), rest_.end(), ','));
  }
}

absl::Status PhoneListReader::Next(size_t most, PhoneListPart* part) {
  const size_t count = std::min(most, count_ - read_);
  part->entries.resize(count);
  part->numbers.resize(count);
  for (size_t i = 0; i < count; ++i) {
    ++read_;
    // Ten digits and a comma, as nearly all entries are.
    if (rest_.size() > kPlainDigits && rest_[kPlainDigits] == ',') {
      const std::string_view plain = rest_.substr(0, kPlainDigits);
      if (const ParsedNumber parsed = ParseNumber(plain); parsed.ok) {
        part->entries[i] = {plain, {}};
        part->numbers[i] = parsed.number;
        rest_.remove_prefix(kPlainDigits + 1);
        continue;
      }
    }
    const std::string_view entry = rest_.substr(0, std::min(rest_.find(','), rest_.size()));
    rest_.remove_prefix(std::min(entry.size() + 1, rest_.size()));
    DNC_RETURN_IF_ERROR(CheckEntry(entry, read_));
    const size_t bar = std::min(entry.find('|'), entry.size());
    const std::string_view asked = entry.substr(0, bar);
    part->entries[i] = {asked, entry.substr(std::min(bar + 1, entry.size()))};
    const ParsedNumber parsed = ParseNumber(asked);
    part->numbers[i] = parsed.ok ? parsed.number : kNumberLimit;
  }
  return absl::OkStatus();
}

}  // namespace dnc
