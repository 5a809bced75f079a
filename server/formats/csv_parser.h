// Records of a list in CSV (csv_grammar.h), whatever their columns mean.
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
  uint64_t line = 0;                    // where it starts
  bool terminated = false;
  // True for an empty line, and for one of empty cells.
  bool blank() const;
};

// How many digits `text` has, also those of other scripts.
size_t CountDigits(std::string_view text);

// Decodes the cells; lines end with LF or CRLF. Two stray quotes make one cell of the rows between
// them, which would be lost: so a record of several lines is refused if one of them has as many
// cells as a row, and digits. The delimiter is the one of `,` `;` tab `|` that the first line has
// most of. Not thread-safe.
class CsvParser {
 public:
  // `text` must outlive the parser.
  explicit CsvParser(TextReader& text) : text_(text) {}

  // How many cells a row has: from then on a record may stand on several lines.
  void set_columns(size_t columns) { columns_ = columns; }

  // The next record; null at the end. Stays the parser's. BAD_FILE: a quote that is not closed, or
  // closed in the middle of a cell; rows in a cell; a line longer than the line limit, or a record
  // longer than 16 of them.
  absl::StatusOr<const CsvRecord*> Next();

 private:
  absl::Status DetectDelimiter();
  // Takes the next byte of the record. True if it was the last one.
  absl::StatusOr<bool> Take(char c, CsvByte what);
  // `raw` is the record as it was read, of several lines.
  absl::Status CheckLines(std::string_view raw) const;
  void EndCell();
  void EndRecord(bool terminated);

  TextReader& text_;
  char delimiter_ = '\0';  // not yet known
  size_t columns_ = 0;     // not yet known
  CsvRecord record_;
  std::string content_;                           // of all cells
  std::vector<std::pair<size_t, size_t>> spans_;  // of the cells in content_
  size_t cell_start_ = 0;
  bool quoted_ = false;  // the present cell was
};

}  // namespace dnc
