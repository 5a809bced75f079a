// Reads the records of a list in CSV (csv_grammar.h), whatever their columns mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/formats/csv_grammar.h"
#include "server/formats/text_reader.h"

namespace dnc {

struct CsvRecord {
  std::vector<std::string_view> cells;  // unquoted; valid until the next record
  uint64_t line = 0;                    // the line where it starts
  bool terminated = false;
  // Returns whether the line is empty or has only empty cells.
  bool blank() const;
};

// Counts the digits in `text`, including those of other scripts.
size_t CountDigits(std::string_view text);

// Splits a text into records and decodes their cells; lines end with LF or CRLF. Two stray quotes
// can turn the rows between them into one cell, which would lose these rows. So a record of several
// lines is refused if one of the lines has digits and as many cells as a row. The delimiter is the
// one of `,` `;` tab `|` that the first line has most of. Not thread-safe.
class CsvParser {
 public:
  // `text` must outlive the parser.
  explicit CsvParser(TextReader& text) : text_(text) {}

  // Sets how many cells a row has; from then on a record may span several lines.
  void set_columns(size_t columns) { columns_ = columns; }

  // Returns the next record, or null at the end. The parser keeps owning it. Fails with BAD_FILE if
  // a quote is not closed, or closed in the middle of a cell; if a cell holds rows; if a line is
  // longer than the line limit, or a record longer than 16 times that.
  absl::StatusOr<const CsvRecord*> Next();

 private:
  absl::Status DetectDelimiter();
  // Takes the next byte of the record. Returns whether it was the last one.
  absl::StatusOr<bool> Take(char c, CsvByte what);
  // Checks `raw`, a record of several lines as it was read, for rows inside a cell.
  absl::Status CheckLines(std::string_view raw) const;
  void EndCell();
  void EndRecord(bool terminated);

  TextReader& text_;
  char delimiter_ = '\0';  // not yet known
  size_t columns_ = 0;     // not yet known
  CsvRecord record_;
  std::string content_;                           // the content of all cells
  std::vector<std::pair<size_t, size_t>> spans_;  // the cells' places in content_
  size_t cell_start_ = 0;
  bool quoted_ = false;  // the current cell is quoted
};

}  // namespace dnc
