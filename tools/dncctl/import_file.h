// A CSV file of records, cut into the parts of an import.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dnc/v1/list_service.pb.h"
#include "tools/cli/csv_reader.h"
#include "tools/dncctl/import_columns.h"
#include "tools/dncctl/record_csv.h"

namespace dnc::cli {

// A line of the file and what is to be told of it.
struct ImportLine {
  uint64_t line = 0;
  std::string because;  // why it was refused, or which facts it is kept without
  std::string raw;
};

// Lines of the file, as many as the limits allow.
struct ImportPart {
  v1::ImportNumbersRequest request;  // without the list
  std::vector<ImportLine> lines;     // of the request's records, in their order
  std::vector<ImportLine> refused;   // those that can't be sent
};

// How much a part may have.
struct PartLimits {
  size_t records = 10'000;
  size_t bytes =
      1 << 20;  // below what any server takes: limits.max_request_bytes is 2 MiB at least
};

// How lines are read whose facts can't be.
enum class Facts {
  // Do-not-call lists: the number is kept without the fact, and told of. An opt-out does not depend
  // on what stands beside it.
  kKeepWithout,
  // Lists of exemptions: the line is refused; without its end an exemption would hold for ever.
  kRefuse,
};

class ImportFile {
 public:
  // Reads the first line. `fd` stays the caller's. Errors: FindImportColumns, CsvReader, and
  // INVALID_ARGUMENT for options that a record can't hold.
  static absl::StatusOr<ImportFile> Open(int fd, ImportFormat format, const RecordFacts& defaults,
                                         Facts facts);

  // The next lines; false at the end of the file.
  absl::StatusOr<bool> Next(const PartLimits& limits, ImportPart* part);

  // The heading for files of lines of this one: its own, or, of a file without one, what its
  // columns mean.
  std::string heading() const;
  const ImportColumns& columns() const { return columns_; }
  // Area codes and exchanges that the rows so far block in the list: an export has such rows.
  const std::vector<std::string>& blocks() const { return blocks_; }
  char delimiter() const { return reader_.delimiter(); }
  uint64_t bytes_read() const { return reader_.bytes_read(); }

 private:
  ImportFile(int fd, ImportFormat format, Facts facts);
  absl::Status ReadFirst();
  // Fills `record`; `line->because` tells which facts it lacks.
  absl::Status Parse(const std::vector<std::string>& cells, ImportLine* line,
                     v1::Record* record) const;
  absl::Status ParseNumber(const std::vector<std::string>& cells, v1::Record* record) const;
  absl::Status CheckList(const std::vector<std::string>& cells) const;
  // Refuses a row of a list of exemptions that may be an opt-out.
  absl::Status CheckExempts(const std::vector<std::string>& cells) const;
  // The cell of that meaning; empty if there is none.
  std::string CellOf(const std::vector<std::string>& cells, const std::string& meaning) const;
  // The list that the row is of: of a whole export, `internal` if it names none, as in the
  // contract.
  std::string ListOf(const std::vector<std::string>& cells) const;
  // Whether nothing of the row is to be taken here: it is of a list that is left out, or only tells
  // what a list is.
  bool IsOtherRow(const std::vector<std::string>& cells) const;
  // The area code or exchange that the row blocks; empty if none. Errors: it can't be read, or may
  // be another fact in a row with more or fewer fields.
  absl::StatusOr<std::string> ReadBlock(const std::vector<std::string>& cells) const;
  // Puts what the row says into the part: a record, a block, both, or a refused line.
  void TakeRow(const CsvRecord& row, ImportPart* part, size_t* bytes);
  // True at the end of the file.
  absl::StatusOr<bool> NextRow();

  CsvReader reader_;
  ImportFormat format_;
  Facts facts_;
  std::string heading_;
  ImportColumns columns_;
  std::vector<std::string> blocks_;
  v1::Record defaults_;  // what the options say of the columns that the file lacks
  CsvRecord row_;
  bool has_first_row_ = false;  // row_ holds the first line, and that is one
};

// Cuts a part at the limits; its refused lines go with the first.
std::vector<ImportPart> CutPart(ImportPart part, const PartLimits& limits);

}  // namespace dnc::cli
