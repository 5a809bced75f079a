#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/bad_file.h"
#include "server/formats/readers.h"
#include "server/numbers/digits.h"

namespace dnc {
namespace {

// The first line, if it starts with a letter and holds too few digits for a number.
bool IsPortedHeading(const Line& line) {
  std::string_view text = line.text;
  if (!text.empty() && text.front() == '"') text.remove_prefix(1);
  if (line.number != 1 || text.empty()) return false;
  return absl::ascii_isalpha(static_cast<unsigned char>(text.front())) &&
         std::count_if(text.begin(), text.end(), IsDigit) < 10;
}

struct Range {
  Number first = 0;
  Number last = 0;
  bool has_end = false;  // it was written as a range
};

// Malformed text gives an error without a line number.
absl::StatusOr<Range> ParseRange(std::string_view text) {
  const size_t separator = text.find_first_of(",|");
  const ParsedNumber number = ParseNumber(text.substr(0, separator));
  if (!number.ok) {
    return BadFile(StrCat("neither a ten-digit number nor a range (",
                          WhyNoNumber(text.substr(0, separator)),
                          "); check that this is a file of ported numbers"));
  }
  if (separator == std::string_view::npos) return Range{number.number, number.number, false};
  const std::string_view end = text.substr(separator + 1);
  uint32_t last = 0;
  if (end.size() != 4 || !std::all_of(end.begin(), end.end(), IsDigit) ||
      !absl::SimpleAtoi(ToAbsl(end), &last)) {
    return BadFile("the end of the range is not four digits");
  }
  const Number exchange = number.number / kNumbersPerExchange * kNumbersPerExchange;
  if (exchange + last < number.number) return BadFile("the range ends before it starts");
  return Range{number.number, exchange + last, true};
}

}  // namespace

absl::Status ReadPorted(TextReader& text, bool allow_unterminated, RecordBatch& batch) {
  bool blank = false;
  for (;;) {
    DNC_ASSIGN_OR_RETURN(const std::optional<Line> line, text.NextLine());
    if (!line.has_value()) return absl::OkStatus();
    if (IsBlankRow(line->text)) {
      if (!line->terminated) return MayBeCut(line->number, "a range");
      blank = true;
      continue;
    }
    if (blank) return DataAfterBlank(line->number);
    if (!line->terminated) {
      DNC_RETURN_IF_ERROR(RefuseUnterminated(line->number, allow_unterminated));
    }
    if (IsPortedHeading(*line)) continue;
    const absl::StatusOr<Range> range = ParseRange(line->text);
    if (!range.ok()) return WithPrefix(range.status(), StrCat("line ", line->number));
    if (!line->terminated && !range->has_end) return MayBeCut(line->number, "a range");
    DNC_RETURN_IF_ERROR(batch.SetKind(FileKind::kFull, line->number));
    DNC_RETURN_IF_ERROR(batch.AddRange(range->first, range->last, line->number));
  }
}

}  // namespace dnc
