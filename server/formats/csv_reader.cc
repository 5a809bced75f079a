#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/bad_file.h"
#include "server/formats/csv_parser.h"
#include "server/formats/readers.h"

namespace dnc {
namespace {

constexpr std::string_view kUsualColumns[] = {"phone", "phone_number", "number", "telephone"};
constexpr size_t kShownHeadings = 20;

// Returns whether a cell is a heading, and not a miswritten number, which must not be ignored.
bool LooksLikeHeading(std::string_view cell) {
  const bool has_letter = std::any_of(cell.begin(), cell.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return absl::ascii_isalpha(byte) || byte >= 0x80;
  });
  return has_letter && CountDigits(cell) <= 3;
}

std::string Heading(std::string_view cell) {
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(ToAbsl(cell)));
}

bool IsUsualColumn(std::string_view cell) {
  const std::string name = absl::StrReplaceAll(Heading(cell), {{" ", "_"}});
  return std::find(std::begin(kUsualColumns), std::end(kUsualColumns), name) !=
         std::end(kUsualColumns);
}

std::string Headings(const CsvRecord& first) {
  const size_t shown = std::min(first.cells.size(), kShownHeadings);
  std::string headings;
  for (size_t i = 0; i < shown; ++i) {
    absl::StrAppend(&headings, i == 0 ? "`" : ", `", SafeText(first.cells[i]), "`");
  }
  return shown < first.cells.size() ? headings + ", ..." : headings;
}

// Detects the FTC's data about reported calls: it lists callers, not people who ask not to be
// called.
bool IsReportedCalls(const CsvRecord& first) {
  const auto has = [&first](std::string_view name) {
    return std::any_of(first.cells.begin(), first.cells.end(), [name](std::string_view cell) {
      return absl::StrReplaceAll(Heading(cell), {{" ", "_"}}) == name;
    });
  };
  return has("company_phone_number") && (has("violation_date") || has("created_date"));
}

class CsvReader {
 public:
  CsvReader(TextReader& text, const CsvOptions& options, bool allow_unterminated,
            RecordBatch& batch)
      : parser_(text), options_(options), allow_unterminated_(allow_unterminated), batch_(batch) {}

  absl::Status Read();

 private:
  // Finds the column, and whether the first record is a heading.
  absl::Status ReadFirst(const CsvRecord& first);
  absl::StatusOr<size_t> FindColumn(const CsvRecord& first) const;
  absl::StatusOr<size_t> FindNamedColumn(const CsvRecord& first) const;
  absl::StatusOr<size_t> FindUsualColumn(const CsvRecord& first) const;
  absl::Status ReadRecord(const CsvRecord& record);

  CsvParser parser_;
  const CsvOptions& options_;
  const bool allow_unterminated_;
  RecordBatch& batch_;
  size_t column_ = 0;
  size_t columns_ = 0;
};

absl::Status CsvReader::Read() {
  bool blank = false;
  for (;;) {
    DNC_ASSIGN_OR_RETURN(const CsvRecord* record, parser_.Next());
    if (record == nullptr) return absl::OkStatus();
    if (record->blank()) {
      // A lone comma may be the start of a row whose first cell is empty.
      if (!record->terminated) return MayBeCut(record->line, "a row");
      blank = true;
      continue;
    }
    if (blank) return DataAfterBlank(record->line);
    if (!record->terminated) {
      DNC_RETURN_IF_ERROR(RefuseUnterminated(record->line, allow_unterminated_));
      // Without an earlier line, nothing tells how many columns this one should have.
      if (columns_ == 0) return MayBeCut(record->line, "a line of more columns");
    }
    DNC_RETURN_IF_ERROR(columns_ == 0 ? ReadFirst(*record) : ReadRecord(*record));
  }
}

absl::Status CsvReader::ReadFirst(const CsvRecord& first) {
  if (IsReportedCalls(first)) {
    return BadFile(
        "this is the FTC's data about reported calls: it names callers, not numbers that must not "
        "be called; load the list itself");
  }
  columns_ = first.cells.size();
  parser_.set_columns(columns_);
  DNC_ASSIGN_OR_RETURN(column_, FindColumn(first));
  const std::string_view cell = first.cells[column_];
  return LooksLikeHeading(cell) && !ParseNumber(cell).ok ? absl::OkStatus() : ReadRecord(first);
}

absl::StatusOr<size_t> CsvReader::FindColumn(const CsvRecord& first) const {
  if (!options_.column.empty()) return FindNamedColumn(first);
  if (options_.column_number == 0) return FindUsualColumn(first);
  if (options_.column_number < 0 ||
      static_cast<size_t>(options_.column_number) > first.cells.size()) {
    return BadLine(first.line,
                   StrCat("there is no column ", options_.column_number, "; the columns are ",
                          "1 to ", first.cells.size(), ": ", Headings(first)));
  }
  return static_cast<size_t>(options_.column_number) - 1;
}

absl::StatusOr<size_t> CsvReader::FindNamedColumn(const CsvRecord& first) const {
  const std::string wanted = Heading(options_.column);
  const auto is_wanted = [&wanted](std::string_view cell) { return Heading(cell) == wanted; };
  const auto found = std::find_if(first.cells.begin(), first.cells.end(), is_wanted);
  if (found == first.cells.end()) {
    return BadLine(first.line, StrCat("there is no column `", SafeText(options_.column),
                                      "`; the headings are ", Headings(first)));
  }
  if (std::count_if(first.cells.begin(), first.cells.end(), is_wanted) > 1) {
    return BadLine(first.line, StrCat("several columns are called `", SafeText(options_.column),
                                      "`; name the column by its number"));
  }
  return static_cast<size_t>(found - first.cells.begin());
}

absl::StatusOr<size_t> CsvReader::FindUsualColumn(const CsvRecord& first) const {
  if (first.cells.size() == 1) return 0;
  const auto found = std::find_if(first.cells.begin(), first.cells.end(), IsUsualColumn);
  if (std::count_if(first.cells.begin(), first.cells.end(), IsUsualColumn) == 1) {
    return static_cast<size_t>(found - first.cells.begin());
  }
  return BadLine(first.line,
                 StrCat("which of the ", first.cells.size(),
                        " columns holds the numbers is not clear; name it by its heading or "
                        "its number. The first line has ",
                        Headings(first)));
}

absl::Status CsvReader::ReadRecord(const CsvRecord& record) {
  // A different count means that a delimiter or a quote is missing, and the columns are shifted.
  if (record.cells.size() != columns_) {
    return BadLine(record.line,
                   StrCat("it has ", record.cells.size(), " columns, but the first line has ",
                          columns_, "; check its delimiters and quotes"));
  }
  const std::string_view cell = record.cells[column_];
  const ParsedNumber number = ParseNumber(cell);
  if (!number.ok) {
    return BadLine(record.line, StrCat("column ", column_ + 1, " is ",
                                       cell.empty() ? "empty" : "not a US phone number: ",
                                       cell.empty() ? "" : WhyNoNumber(cell),
                                       "; correct the line or take it out of the file"));
  }
  DNC_RETURN_IF_ERROR(batch_.SetKind(FileKind::kFull, record.line));
  return batch_.AddNumber(number.number, record.line);
}

}  // namespace

absl::Status ReadCsv(TextReader& text, const CsvOptions& options, bool allow_unterminated,
                     RecordBatch& batch) {
  return CsvReader(text, options, allow_unterminated, batch).Read();
}

}  // namespace dnc
