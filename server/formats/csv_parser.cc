#include "server/formats/csv_parser.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/bad_file.h"

namespace dnc {
namespace {

constexpr uint64_t kMaxLinesBytes = 16;  // the most bytes of a record, in line limits
// A line with fewer digits holds no number.
constexpr size_t kFewDigits = 4;

// The digits 0 to 9 of other scripts in UTF-8, without the last byte: Arabic, Persian, Devanagari,
// and full-width.
struct ForeignDigits {
  std::string_view lead;
  unsigned char zero;
};
constexpr ForeignDigits kForeignDigits[] = {
    {"\xD9", 0xA0}, {"\xDB", 0xB0}, {"\xE0\xA5", 0xA6}, {"\xEF\xBC", 0x90}};

}  // namespace

bool CsvRecord::blank() const {
  return std::all_of(cells.begin(), cells.end(), [](std::string_view cell) {
    return cell.find_first_not_of(" \t\r") == std::string_view::npos;
  });
}

size_t CountDigits(std::string_view text) {
  size_t digits = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const auto last = static_cast<unsigned char>(text[at]);
    const std::string_view before = text.substr(0, at);
    const bool digit =
        absl::ascii_isdigit(last) ||
        std::any_of(std::begin(kForeignDigits), std::end(kForeignDigits), [&](const auto& script) {
          return last >= script.zero && last < script.zero + 10 && before.ends_with(script.lead);
        });
    digits += digit ? 1 : 0;
  }
  return digits;
}

absl::Status CsvParser::DetectDelimiter() {
  DNC_RETURN_IF_ERROR(text_.FillTo(text_.max_line_bytes()));
  const std::string_view start = text_.buffered().substr(0, text_.max_line_bytes());
  delimiter_ = FindDelimiter(start, CsvLineEnds::kNewline);
  return absl::OkStatus();
}

void CsvParser::EndCell() {
  spans_.emplace_back(cell_start_, content_.size() - cell_start_);
  cell_start_ = content_.size();
  quoted_ = false;
}

void CsvParser::EndRecord(bool terminated) {
  const bool carriage_return = !quoted_ && content_.size() > cell_start_ && content_.back() == '\r';
  if (carriage_return) content_.pop_back();
  EndCell();
  record_.terminated = terminated;
  for (const auto& [at, length] : spans_) {
    record_.cells.push_back(std::string_view(content_).substr(at, length));
  }
}

absl::StatusOr<bool> CsvParser::Take(char c, CsvByte what) {
  switch (what) {
    case CsvByte::kText:
      content_.push_back(c);
      return false;
    case CsvByte::kQuote:
      quoted_ = true;
      return false;
    case CsvByte::kDelimiter:
      EndCell();
      return false;
    case CsvByte::kLineEnd:
      EndRecord(true);
      return true;
    case CsvByte::kIgnored:
      return false;
    case CsvByte::kMisplaced:
      break;
  }
  return BadLine(record_.line, "text follows a closing quote; the quotes of this line are wrong");
}

absl::Status CsvParser::CheckLines(std::string_view raw) const {
  constexpr std::string_view kAdvice =
      "a quote is missing or too many. If the text is meant so, write it on one line";
  if (columns_ == 0) {
    return BadLine(record_.line,
                   StrCat("a quoted cell of it goes on over further lines; ", kAdvice));
  }
  if (raw.ends_with('\n')) raw.remove_suffix(1);
  const auto cells = [this](std::string_view line) {
    return 1 + static_cast<size_t>(std::count(line.begin(), line.end(), delimiter_));
  };
  const size_t first_end = raw.find('\n');
  // A stray quote leaves its own line with as many cells as a row has, or more.
  const bool begins_row = cells(raw.substr(0, first_end)) >= columns_;
  raw.remove_prefix(first_end + 1);
  for (uint64_t number = record_.line + 1;; ++number) {
    const size_t end = raw.find('\n');
    const std::string_view line = raw.substr(0, end);
    const bool inside = end != std::string_view::npos;  // not the line that ends the cell
    const bool is_row = cells(line) == columns_ && CountDigits(line) >= kFewDigits;
    if (is_row && (inside || begins_row)) {
      return BadLine(record_.line,
                     StrCat("a quoted cell of it goes on over further lines, and line ", number,
                            " has as many columns as a row; ", kAdvice));
    }
    if (!inside) return absl::OkStatus();
    raw.remove_prefix(end + 1);
  }
}

absl::StatusOr<const CsvRecord*> CsvParser::Next() {
  if (delimiter_ == '\0') DNC_RETURN_IF_ERROR(DetectDelimiter());
  record_ = CsvRecord{std::move(record_.cells), text_.line_number(), false};
  record_.cells.clear();
  content_.clear();
  spans_.clear();
  cell_start_ = 0;
  CsvGrammar grammar(delimiter_, CsvLineEnds::kNewline);
  bool complete = false;
  uint64_t line_ends = 0;
  size_t at = 0;
  size_t line_start = 0;
  while (!complete) {
    if (at == text_.buffered().size()) {
      DNC_RETURN_IF_ERROR(text_.Fill());
      if (at == text_.buffered().size() && text_.exhausted()) break;
    }
    const char c = text_.buffered()[at++];
    const size_t line_bytes = at - line_start;
    if (c == '\n') {
      ++line_ends;
      line_start = at;
    }
    DNC_ASSIGN_OR_RETURN(complete, Take(c, grammar.Take(c)));
    if (line_bytes > text_.max_line_bytes() || at > kMaxLinesBytes * text_.max_line_bytes()) {
      return LineTooLong(record_.line);
    }
  }
  const std::string_view raw = text_.buffered().substr(0, at);
  text_.Consume(at, line_ends);
  if (grammar.inside_quotes()) {
    return BadLine(record_.line, "a quote is opened and never closed; the file may be cut off");
  }
  if (line_ends > (complete ? 1U : 0U)) {
    DNC_RETURN_IF_ERROR(CheckLines(raw));  // the bytes stay in place until the next Fill()
  }
  if (complete) return &record_;
  if (at == 0) return nullptr;
  EndRecord(false);
  return &record_;
}

}  // namespace dnc
