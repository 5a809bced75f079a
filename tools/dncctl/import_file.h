// A CSV file of records, cut into the parts of an import.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dnc/v1/list_service.pb.h"
#include "tools/dncctl/csv_reader.h"
#include "tools/dncctl/record_facts.h"

namespace dnc::ctl {

// Headings of the file of refused lines, before those of the lines themselves. An import leaves
// them out, so that the corrected file can be imported as it is.
inline constexpr char kRefusedLine[] = "refused_line";
inline constexpr char kRefusedBecause[] = "refused_because";

struct ImportFormat {
  std::string list;                  // the records' list; a column list_id must agree
  std::string number_column;         // which column holds the number
  std::vector<std::string> columns;  // of a file without a heading; "-" leaves one out
  std::vector<std::string> ignored;  // headings to leave out
  char delimiter = ',';
};

// A line that can't be imported, and why.
struct RefusedLine {
  uint64_t line = 0;
  std::string because;
  std::string raw;
};

// At most kMaxRecords lines of the file.
struct ImportPart {
  static constexpr size_t kMaxRecords = 10'000;

  v1::ImportNumbersRequest request;
  std::vector<RefusedLine> lines;    // of each record of the request; `because` is empty
  std::vector<RefusedLine> refused;  // before anything was sent
};

// Not thread-safe.
class ImportFile {
 public:
  // Reads the heading. `fd` stays the caller's. INVALID_ARGUMENT if the heading lacks
  // the number or has a column that is no fact of a record: a misspelt expiry left out in silence
  // would hold for ever.
  static absl::StatusOr<ImportFile> Open(int fd, ImportFormat format, const RecordFacts& facts);

  // The next lines; false at the end of the file.
  absl::StatusOr<bool> Next(ImportPart* part);

  // The heading of the file, empty if it has none.
  const std::string& heading() const { return heading_; }
  char delimiter() const { return format_.delimiter; }
  uint64_t bytes_read() const { return reader_.bytes_read(); }

 private:
  ImportFile(int fd, ImportFormat format);
  absl::Status ReadHeading();
  absl::Status TakeColumns(const std::vector<std::string>& names);
  // What a heading stands for: a column of a record, "list_id", or "" to leave it out.
  absl::StatusOr<std::string> Meaning(const std::string& name) const;
  absl::Status Parse(const CsvRecord& line, v1::Record* record) const;

  CsvReader reader_;
  ImportFormat format_;
  std::string heading_;
  std::vector<std::string> columns_;
  v1::Record defaults_;  // what the options say of the columns that the file lacks
};

}  // namespace dnc::ctl
