// The two ends of a scrubbed CSV file: rows become batches of numbers, and answers become columns.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dnc/v1/scrub_service.pb.h"
#include "tools/dncctl/csv_reader.h"

namespace dnc::ctl {

// The columns that a scrub adds, in this order.
inline constexpr std::array<const char*, 4> kAddedColumns = {"dnc_verdict", "dnc_reasons",
                                                             "dnc_listed_since", "dnc_valid_until"};

// A row of the input, ready to take its answer.
struct ScrubRow {
  std::string raw;  // as it stands in the file
  std::string line_end;
  size_t insert_at = 0;  // where in `raw` the added columns go
  size_t missing = 0;    // fields by which the row is shorter than the heading
  bool blank = false;    // an empty line: has no number and stays as it is
};

struct ScrubBatch {
  std::vector<ScrubRow> rows;
  std::vector<std::string> texts;  // the numbers of the rows that aren't blank, in order
  size_t bytes = 0;                // of the rows
};

// Finds the column with the numbers and cuts the input into batches.
class ScrubFile {
 public:
  // Small enough for a steady stream, and bounded in bytes where rows are long.
  static constexpr size_t kBatchRows = 2000;
  static constexpr size_t kBatchBytes = 1 << 20;

  ScrubFile(int fd, char delimiter) : reader_(fd, delimiter), delimiter_(delimiter) {}

  // Reads the heading and finds `column`: exactly, else without regard to case and blanks around
  // it. Empty: the only column, or one named phone, phone_number, number or telephone.
  // INVALID_ARGUMENT names the headings that there are.
  absl::Status ReadHeading(const std::string& column);

  // The heading with the added columns, as the output's first line.
  std::string HeadingLine() const;

  // The next rows; false when there are no more. A row without the column has an empty text, which
  // is answered INVALID.
  absl::StatusOr<bool> NextBatch(ScrubBatch* batch);

  // Appends the row with its added columns to `out`. The row's bytes stay as they are. The added
  // columns stand under their headings also in rows with too few fields, which get empty ones, and
  // in rows with too many, whose surplus moves behind them: a reader that goes by the heading
  // must find the verdict, and nothing else, in dnc_verdict.
  void AppendRow(const ScrubRow& row, const std::array<std::string, 4>& added,
                 std::string* out) const;

  uint64_t bytes_read() const { return reader_.bytes_read(); }

 private:
  absl::Status FindColumn(const std::vector<std::string>& names, const std::string& column);
  ScrubRow MakeRow(const CsvRecord& record) const;

  CsvReader reader_;
  const char delimiter_;
  CsvRecord record_;
  ScrubRow heading_;
  size_t columns_ = 0;
  size_t column_ = 0;
};

}  // namespace dnc::ctl
