#include "server/formats/flat_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/bad_file.h"
#include "server/formats/readers.h"
#include "server/formats/record_time.h"
#include "server/numbers/digits.h"
#include "server/numbers/number_writing.h"

namespace dnc {
namespace {

bool TakeComma(std::string_view& text) {
  if (text.empty() || text.front() != ',') return false;
  text.remove_prefix(1);
  return true;
}

// Takes exactly `count` digits from the front of `text`.
bool TakeExactDigits(std::string_view& text, size_t count, uint64_t& value) {
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
  if (!TakeExactDigits(rest, 3, number)) return NoRecord();
  TakeComma(rest);
  if (!TakeExactDigits(rest, 7, number)) return NoRecord();
  if (!rest.empty() && rest.front() != ',') return NoRecord();
  if (!IsAreaCode(AreaCodeOf(number))) {
    return BadFile(StrCat("the area code ", line.substr(0, 3), " is not one of 200 to 999"));
  }
  record.change.number = number;
  record.kind = FileKind::kFull;
  if (!TakeComma(rest)) return record;
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
  // XOR with these turns both halves of a record into bytes of 0 to 9 at the digits, and 0 at the
  // comma and the LF. Adding `limits` then sets the high bit of every byte that is larger.
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
    // The shift drops the LF at the top, and brings in a leading zero at the bottom.
    out[count] = area * kNumbersPerArea + EightDigitValue(second << 8);
    low_exchanges += (second & 0xFF) < 2 ? 1 : 0;
  }
  unassignable = low_exchanges;
  return count;
}

namespace {

bool IsFlatHeading(const Line& line) {
  bool has_letter = false;
  for (const char c : line.text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isdigit(byte)) return false;
    has_letter = has_letter || absl::ascii_isalpha(byte);
  }
  return line.number == 1 && has_letter;
}

// Refuses a line, naming what it contains that no list does.
absl::Status Refusal(const absl::Status& status, const Line& line) {
  const auto* const odd = std::find_if_not(line.text.begin(), line.text.end(), [](char c) {
    return absl::ascii_isprint(static_cast<unsigned char>(c));
  });
  const size_t at = static_cast<size_t>(odd - line.text.begin());
  if (at == line.text.size()) return WithPrefix(status, StrCat("line ", line.number));
  return BadLine(line.number, StrCat(ToStd(status.message()), "; the line holds ",
                                     DescribeCharacter(line.text.substr(at))));
}

class FlatReader {
 public:
  FlatReader(TextReader& text, bool allow_unterminated, RecordBatch& batch)
      : text_(text), allow_unterminated_(allow_unterminated), batch_(batch) {}

  absl::Status Read();

 private:
  absl::Status ReadExact();
  absl::Status CheckEnd() const;
  absl::Status ReadLine(const Line& line);

  TextReader& text_;
  const bool allow_unterminated_;
  RecordBatch& batch_;
  bool exact_may_follow_ = true;  // not in a change list, nor after a blank line
  bool heading_ = false;
  bool blank_ = false;
};

absl::Status FlatReader::Read() {
  for (;;) {
    if (exact_may_follow_) DNC_RETURN_IF_ERROR(ReadExact());
    DNC_ASSIGN_OR_RETURN(const std::optional<Line> line, text_.NextLine());
    if (!line.has_value()) return CheckEnd();
    DNC_RETURN_IF_ERROR(ReadLine(*line));
  }
}

// Refuses a single line of text with nothing behind it: servers send such a line in place of a
// list.
absl::Status FlatReader::CheckEnd() const {
  if (!heading_ || batch_.kind() != FileKind::kUnknown) return absl::OkStatus();
  return BadLine(1,
                 "text, and no record behind it: it may be a server's message instead of a list");
}

// Reads the usual full list; all of it goes this way.
absl::Status FlatReader::ReadExact() {
  for (;;) {
    DNC_RETURN_IF_ERROR(text_.FillTo(kExactRecordBytes));
    size_t unassignable = 0;
    const size_t count =
        TakeExactRecords(text_.buffered(), batch_.label(), batch_.Room(), unassignable);
    if (count == 0) return absl::OkStatus();
    DNC_RETURN_IF_ERROR(batch_.SetKind(FileKind::kFull, text_.line_number()));
    if (heading_) batch_.NoteOtherForm();
    text_.Consume(count * kExactRecordBytes, count);
    DNC_RETURN_IF_ERROR(batch_.Commit(count, unassignable));
  }
}

absl::Status FlatReader::ReadLine(const Line& line) {
  if (IsBlankRow(line.text)) {
    if (!line.terminated) return MayBeCut(line.number, "a record");
    blank_ = true;
    exact_may_follow_ = false;
    return absl::OkStatus();
  }
  if (blank_) return DataAfterBlank(line.number);
  if (!line.terminated) {
    DNC_RETURN_IF_ERROR(RefuseUnterminated(line.number, allow_unterminated_));
  }
  if (IsFlatHeading(line)) {
    heading_ = true;
    return absl::OkStatus();
  }
  const absl::StatusOr<FlatRecord> record = ParseFlatRecord(line.text);
  if (!record.ok()) return Refusal(record.status(), line);
  // Only earlier lines can tell a number of a full list from a change that was cut off.
  if (!line.terminated && batch_.kind() == FileKind::kUnknown && record->kind == FileKind::kFull) {
    return MayBeCut(line.number, "a change");
  }
  DNC_RETURN_IF_ERROR(batch_.SetKind(record->kind, line.number));
  if (record->kind == FileKind::kFull) {
    if (heading_ || line.text[3] != ',') batch_.NoteOtherForm();
    return batch_.AddNumber(record->change.number, line.number);
  }
  exact_may_follow_ = false;
  return batch_.AddChange(record->change, line.number);
}

}  // namespace

absl::Status ReadFlat(TextReader& text, bool allow_unterminated, RecordBatch& batch) {
  return FlatReader(text, allow_unterminated, batch).Read();
}

}  // namespace dnc
