// Finds out what the columns of an imported file mean.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dnc/v1/list_service.pb.h"
#include "tools/cli/csv_reader.h"
#include "tools/cli/table_columns.h"

namespace dnc::cli {

// Headings that import reports add: the first columns of the file of refused lines, before those of
// the lines themselves, and of the file of lines that were kept without a fact. An import ignores
// these columns. So the corrected file can be imported as it is, even with the options of the first
// import: positions are counted without them.
inline constexpr char kRefusedLine[] = "refused_line";
inline constexpr char kRefusedBecause[] = "refused_because";
inline constexpr char kKeptLine[] = "kept_line";
inline constexpr char kKeptBecause[] = "kept_because";

// A column that is no field of a record.
inline constexpr char kListIdColumn[] = "list_id";
inline constexpr char kAreaCodeColumn[] = "area code";

// The list of those rows of a full export that name none.
inline constexpr char kDefaultList[] = "internal";

struct ImportFormat {
  std::string list;                  // the list of the records; a column list_id must agree
  ColumnChoice numbers;              // which column holds the number
  std::vector<std::string> columns;  // for a file without a heading; "-" ignores a column
  std::vector<std::string> mapped;   // HEADING=FACT
  // Headings to ignore: each entry is one, or several with commas.
  std::vector<std::string> ignored;
  bool ignore_others = false;     // ignores columns that are no facts
  bool needs_ends = false;        // ignores a column that may be an end only if `ignored` names it
  bool skip_other_lists = false;  // ignores the rows of other lists; otherwise they are refused
  // The kind of `list`, if it is a list of exemptions. Then a row that names no list in its column,
  // or another kind, is refused, because it may be an opt-out.
  v1::OwnListKind exempts = v1::OWN_LIST_KIND_UNSPECIFIED;
  char delimiter = CsvReader::kFindDelimiter;
};

struct ImportColumns {
  bool heading = false;               // the first line is a heading
  std::vector<std::string> meanings;  // of each column: a fact's, "list_id", "area code", or "" for
                                      // one that is left out
  // Headings or positions of ignored columns that no option names.
  std::vector<std::string> left_out;
};

// The position of a column that does not exist.
inline constexpr size_t kNowhere = static_cast<size_t>(-1);
size_t PlaceOf(const ImportColumns& columns, const std::string& meaning);

// Returns the list that a cell of list_id names; empty if it names none: blank, NULL, \\N.
std::string ListNamed(std::string_view cell);

// Fails with INVALID_ARGUMENT if no column holds the number, if two hold the same fact, or if some
// hold nothing known and no option ignores them; the message lists them all. A misspelled expiry
// that was silently ignored would never end.
absl::StatusOr<ImportColumns> FindImportColumns(const std::vector<std::string>& first,
                                                const ImportFormat& format);

}  // namespace dnc::cli
