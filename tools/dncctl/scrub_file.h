// The two ends of a scrubbed CSV file: rows become batches of numbers, and answers become columns.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dnc/v1/scrub_service.pb.h"
#include "tools/cli/csv_reader.h"
#include "tools/cli/table_columns.h"

namespace dnc::cli {

// The columns that a scrub adds, in this order. With several columns of numbers, they have the
// strictest answer of the row, and a verdict for each column follows: dnc_verdict_HEADING, or
// dnc_verdict_N if no heading names it.
inline constexpr std::array<const char*, 4> kAddedColumns = {"dnc_verdict", "dnc_reasons",
                                                             "dnc_listed_since", "dnc_valid_until"};

// A row of the input, ready for its answer.
struct ScrubRow {
  std::string raw;  // as it stands in the file, without columns that are replaced
  std::string line_end;
  size_t insert_at = 0;  // the place in `raw` for the added columns
  size_t missing = 0;    // how many fields the row has less than the heading
  bool blank = false;    // an empty line: it has no number and stays as it is
  size_t texts = 0;      // how many texts of the batch belong to the row
  uint32_t asked = 0;    // bit i: the row's next text is of the i-th column of numbers; none is
                         // set in a row that has no number at all
};

struct ScrubBatch {
  std::vector<ScrubRow> rows;
  std::vector<std::string> texts;  // the numbers of the rows that are not blank, in order
  size_t bytes = 0;                // the size of the rows
};

// What the options say about the table.
struct ScrubTable {
  ColumnChoice columns;
  bool replace = false;  // replaces columns that an earlier scrub has added
};

// Finds the columns with the numbers, and cuts the input into batches.
class ScrubFile {
 public:
  // Small enough for a steady stream; long rows are bounded in bytes too.
  static constexpr size_t kBatchRows = 2000;
  static constexpr size_t kBatchBytes = 1 << 20;
  static constexpr size_t kMaxNumberColumns = 32;

  ScrubFile(int fd, char delimiter) : reader_(fd, delimiter) {}

  // Reads the first line and finds the columns (FindColumns). INVALID_ARGUMENT names the headings
  // that exist.
  absl::Status Open(const ScrubTable& table);

  bool has_heading() const { return columns_.heading; }
  size_t number_columns() const { return columns_.numbers.size(); }
  // Returns the heading with the added columns, as the output's first line; empty without a
  // heading.
  std::string HeadingLine() const;

  // Reads the next rows; returns false when there are no more. A row without a number has one text,
  // which is empty and answered INVALID. If there are several columns, those that are empty in a
  // row are not asked about.
  absl::StatusOr<bool> NextBatch(ScrubBatch* batch);

  // Appends the row with its added columns to `out`. The row's bytes do not change. The added
  // columns are always under their headings: a row with too few fields gets empty ones, and the
  // surplus of a row with too many moves behind the added columns. So a program that goes by the
  // heading finds the verdict, and nothing else, in dnc_verdict.
  void AppendRow(const ScrubRow& row, const std::vector<std::string>& added,
                 std::string* out) const;

  uint64_t bytes_read() const { return reader_.bytes_read(); }

 private:
  absl::Status FindReplaced(const std::vector<std::string>& names, bool replace);
  absl::Status NameAddedColumns(const std::vector<std::string>& names);
  ScrubRow MakeRow(const CsvRecord& record) const;
  // Adds the numbers of the record to the batch.
  void AddTexts(const CsvRecord& record, ScrubBatch* batch) const;
  std::string NumberText(const CsvRecord& record, size_t column) const;
  absl::StatusOr<bool> NextRecord();

  CsvReader reader_;
  CsvRecord record_;
  bool has_first_row_ = false;  // record_ holds the first line, which is a row
  ScrubRow heading_;
  TableColumns columns_;
  std::vector<std::string> added_names_;
  std::vector<bool> replaced_;  // by position; empty if none is replaced
  size_t kept_columns_ = 0;     // how many the heading has
};

}  // namespace dnc::cli
