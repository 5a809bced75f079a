#include <algorithm>

#include "absl/strings/ascii.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/bad_file.h"
#include "server/formats/flat_record.h"
#include "server/formats/readers.h"
#include "server/numbers/number_writing.h"

namespace dnc {
namespace {

bool IsHeading(const Line& line) {
  bool has_letter = false;
  for (const char c : line.text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isdigit(byte)) return false;
    has_letter = has_letter || absl::ascii_isalpha(byte);
  }
  return line.number == 1 && has_letter;
}

// The refusal of a line, which names what is in it that no list holds.
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

// A line of text with nothing behind it is what a server sends in place of a list.
absl::Status FlatReader::CheckEnd() const {
  if (!heading_ || batch_.kind() != FileKind::kUnknown) return absl::OkStatus();
  return BadLine(1,
                 "text, and no record behind it: it may be a server's message instead of a list");
}

// The usual full list: all of it passes here.
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
  if (IsHeading(line)) {
    heading_ = true;
    return absl::OkStatus();
  }
  const absl::StatusOr<FlatRecord> record = ParseFlatRecord(line.text);
  if (!record.ok()) return Refusal(record.status(), line);
  // Only the lines before it tell a number of a full list from a change that was cut off.
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
