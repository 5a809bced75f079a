#include "server/formats/flat_record.h"

#include <algorithm>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/bad_file.h"
#include "server/formats/record_time.h"
#include "server/numbers/digits.h"

namespace dnc {
namespace {

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// Takes exactly `count` digits from the front of `text`.
bool TakeDigits(std::string_view& text, size_t count, uint64_t& value) {
  if (text.size() < count) return false;
  for (size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + static_cast<uint64_t>(text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

absl::Status NoRecord() {
  return BadFile(
      "not a record of the registry's flat text (area code, comma and seven digits, or ten "
      "digits, a time and A or D); check that this is the file that the FTC gave");
}

absl::StatusOr<bool> IsAddition(std::string_view action) {
  if (action == "A" || action == "a") return true;
  if (action == "D" || action == "d") return false;
  return BadFile(
      StrCat("unknown action `", SafeText(action), "`; only A (added) and D (deleted) are known"));
}

}  // namespace

absl::StatusOr<FlatRecord> ParseFlatRecord(std::string_view line) {
  FlatRecord record;
  uint64_t number = 0;
  std::string_view rest = line;
  if (!TakeDigits(rest, 3, number)) return NoRecord();
  TakeChar(rest, ',');
  if (!TakeDigits(rest, 7, number)) return NoRecord();
  if (!rest.empty() && rest.front() != ',') return NoRecord();
  if (!IsAreaCode(AreaCodeOf(number))) {
    return BadFile(StrCat("the area code ", line.substr(0, 3), " is not one of 200 to 999"));
  }
  record.change.number = number;
  record.kind = FileKind::kFull;
  if (!TakeChar(rest, ',')) return record;
  record.kind = FileKind::kChange;
  const size_t comma = rest.find(',');
  if (comma == std::string_view::npos) return NoRecord();
  const std::optional<absl::Time> time = ParseRecordTime(rest.substr(0, comma));
  if (!time.has_value()) {
    return BadFile("the time of the change is no time; it must look like 2026-08-05T14:30:00");
  }
  record.change.time = *time;
  DNC_ASSIGN_OR_RETURN(record.change.added, IsAddition(rest.substr(comma + 1)));
  return record;
}

size_t TakeExactRecords(std::string_view text, int label, absl::Span<Number> out,
                        size_t& unassignable) {
  // Both halves of a record, XOR these, are bytes of 0 to 9 where digits stand, and 0 where the
  // comma and the LF stand. `+ limits` sets a byte's high bit if it is more.
  constexpr uint64_t kFirstHalf = 0x303030302C303030;   // AAA,NNNN
  constexpr uint64_t kSecondHalf = 0x0A30303030303030;  // NNNNNNN LF
  constexpr uint64_t kFirstLimits = 0x767676767F767676;
  constexpr uint64_t kSecondLimits = 0x7F76767676767676;
  const uint64_t label_mask = label == 0 ? 0 : 0xFFFFFF;
  const auto label_digits =
      static_cast<uint64_t>(label / 100 | (label / 10 % 10) << 8 | (label % 10) << 16);
  const size_t most = std::min(text.size() / kExactRecordBytes, out.size());
  const char* at = text.data();
  size_t count = 0;
  size_t low_exchanges = 0;
  for (; count < most; ++count, at += kExactRecordBytes) {
    const uint64_t first = LoadEight(at) ^ kFirstHalf;
    const uint64_t second = LoadEight(at + 4) ^ kSecondHalf;
    const uint64_t wrong =
        (((first + kFirstLimits) | first | (second + kSecondLimits) | second) & kHighBits) |
        ((first ^ label_digits) & label_mask);
    const uint64_t hundreds = first & 0xFF;
    if (wrong != 0 || hundreds < 2) break;
    const uint64_t area = hundreds * 100 + (first >> 8 & 0xFF) * 10 + (first >> 16 & 0xFF);
    // The LF leaves at the top, and a leading zero enters at the bottom.
    out[count] = area * kNumbersPerArea + EightDigitValue(second << 8);
    low_exchanges += (second & 0xFF) < 2 ? 1 : 0;
  }
  unassignable = low_exchanges;
  return count;
}

}  // namespace dnc
