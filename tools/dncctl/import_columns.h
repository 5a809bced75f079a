// What the columns of an imported file mean.
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

// Headings of the file of refused lines, before those of the lines themselves, and of the file of
// lines that were kept without a fact. An import leaves them out, so that the corrected file can be
// imported as it is, also with the options of the first import: places count without them.
inline constexpr char kRefusedLine[] = "refused_line";
inline constexpr char kRefusedBecause[] = "refused_because";
inline constexpr char kKeptLine[] = "kept_line";
inline constexpr char kKeptBecause[] = "kept_because";

// A column that is no field of a record.
inline constexpr char kListIdColumn[] = "list_id";
inline constexpr char kAreaCodeColumn[] = "area code";

// The list of the rows of a whole export that name none.
inline constexpr char kDefaultList[] = "internal";

struct ImportFormat {
  std::string list;                  // the records' list; a column list_id must agree
  ColumnChoice numbers;              // which column holds the number
  std::vector<std::string> columns;  // of a file without a heading; "-" leaves one out
  std::vector<std::string> mapped;   // HEADING=FACT
  std::vector<std::string> ignored;  // headings to leave out, each one or several with commas
  bool ignore_others = false;        // leave out what is no fact
  bool needs_ends = false;           // what may be an end is left out only if `ignored` names it
  bool skip_other_lists = false;     // leave out the rows of other lists; else they are refused
  // What `list` is if it is one of exemptions. Then a row that names no list in its column, or
  // another kind, is refused: it may be an opt-out.
  v1::OwnListKind exempts = v1::OWN_LIST_KIND_UNSPECIFIED;
  char delimiter = CsvReader::kFindDelimiter;
};

struct ImportColumns {
  bool heading = false;               // the first line is one
  std::vector<std::string> meanings;  // of each column: a fact's, "list_id", "area code", or "" for
                                      // one that is left out
  std::vector<std::string> left_out;  // headings or places of those that no option names
};

// The place of the column that means this; kNowhere if none does.
inline constexpr size_t kNowhere = static_cast<size_t>(-1);
size_t PlaceOf(const ImportColumns& columns, const std::string& meaning);

// The list that a cell of list_id names; empty if it names none: blank, NULL, \\N.
std::string ListNamed(std::string_view cell);

// INVALID_ARGUMENT if no column holds the number, two hold the same fact, or some hold nothing that
// is known and no option leaves them out: all of them are told. A misspelt expiry left out in
// silence would hold for ever.
absl::StatusOr<ImportColumns> FindImportColumns(const std::vector<std::string>& first,
                                                const ImportFormat& format);

}  // namespace dnc::cli
