// Reads a CSV file of records, and cuts it into the parts of an import.
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

// A line of the file and what the report says about it.
struct ImportLine {
  uint64_t line = 0;
  std::string because;  // why it was refused, or which facts it was kept without
  std::string raw;
};

// Lines of the file, as many as the limits allow.
struct ImportPart {
  v1::ImportNumbersRequest request;  // without the list
  std::vector<ImportLine> lines;     // the lines of the request's records, in their order
  std::vector<ImportLine> refused;   // lines that cannot be sent
};

// How large a part may be.
struct PartLimits {
  size_t records = 10'000;
  size_t bytes =
      1 << 20;  // below what any server takes: limits.max_request_bytes is 2 MiB at least
};

// What to do with lines whose facts cannot be read.
enum class Facts {
  // For do-not-call lists: the number is kept without the fact, and reported. An opt-out does not
  // depend on the other cells of its row.
  kKeepWithout,
  // For lists of exemptions: the line is refused, because without its end an exemption would never
  // end.
  kRefuse,
};

class ImportFile {
 public:
  // Reads the first line. The caller keeps owning `fd`. Fails as FindImportColumns and CsvReader
  // do, and with INVALID_ARGUMENT for options that a record cannot hold.
  static absl::StatusOr<ImportFile> Open(int fd, ImportFormat format, const RecordFacts& defaults,
                                         Facts facts);

  // Reads the next lines; returns false at the end of the file.
  absl::StatusOr<bool> Next(const PartLimits& limits, ImportPart* part);

  // Returns the heading for files that contain lines of this one: its own, or, if it has none, what
  // its columns mean.
  std::string heading() const;
  const ImportColumns& columns() const { return columns_; }
  // Returns the area codes and exchanges that the rows so far block in the list; an export has such
  // rows.
  const std::vector<std::string>& blocks() const { return blocks_; }
  char delimiter() const { return reader_.delimiter(); }
  uint64_t bytes_read() const { return reader_.bytes_read(); }

 private:
  ImportFile(int fd, ImportFormat format, Facts facts);
  absl::Status ReadFirst();
  // Fills `record`; `line->because` says which facts it lacks.
  absl::Status Parse(const std::vector<std::string>& cells, ImportLine* line,
                     v1::Record* record) const;
  absl::Status ParseNumber(const std::vector<std::string>& cells, v1::Record* record) const;
  absl::Status CheckList(const std::vector<std::string>& cells) const;
  // Refuses a row of a list of exemptions that may be an opt-out.
  absl::Status CheckExempts(const std::vector<std::string>& cells) const;
  // Returns the cell with that meaning; empty if there is none.
  std::string CellOf(const std::vector<std::string>& cells, const std::string& meaning) const;
  // Returns the list that the row belongs to. In a full export that is `internal` if the row names
  // none, as in the contract.
  std::string ListOf(const std::vector<std::string>& cells) const;
  // Returns whether nothing is to be taken from the row: it belongs to a list that is left out, or
  // only describes a list.
  bool IsOtherRow(const std::vector<std::string>& cells) const;
  // Returns the area code or exchange that the row blocks; empty if none. Fails if it cannot be
  // read, or if it may be another fact because the row has more or fewer fields.
  absl::StatusOr<std::string> ReadBlock(const std::vector<std::string>& cells) const;
  // Adds what the row says to the part: a record, a block, both, or a refused line.
  void TakeRow(const CsvRecord& row, ImportPart* part, size_t* bytes);
  // Returns true at the end of the file.
  absl::StatusOr<bool> NextRow();

  CsvReader reader_;
  ImportFormat format_;
  Facts facts_;
  std::string heading_;
  ImportColumns columns_;
  std::vector<std::string> blocks_;
  v1::Record defaults_;  // what the options say about columns that the file lacks
  CsvRecord row_;
  bool has_first_row_ = false;  // row_ holds the first line, which is a row
};

// Cuts a part at the limits; its refused lines go with the first piece.
std::vector<ImportPart> CutPart(ImportPart part, const PartLimits& limits);

}  // namespace dnc::cli
