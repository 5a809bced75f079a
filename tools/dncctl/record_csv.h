// Writes and reads records of a tenant's lists as rows of CSV, by the names of their columns.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "dnc/v1/list_service.pb.h"

namespace dnc::cli {

// Sets the field that a column of this name holds; an empty text leaves it unset. Fails with
// INVALID_ARGUMENT for a text that the field cannot hold, and for a name that is no column. Only
// the server checks the number.
absl::Status SetField(std::string_view column, const std::string& text, v1::Record* record);

// Returns whether a cell says that nothing is known: it is empty or blank, or has what databases
// and spreadsheets write for that: NULL, \N, N/A, #N/A, None, a hyphen and the like.
bool IsNothing(std::string_view text);

// Returns whether a cell says so beyond doubt: empty, blank, NULL, \\N. `#N/A`, which a spreadsheet
// writes for an error, may stand for a date.
bool IsSurelyNothing(std::string_view text);

// How a cell of the file is read.
enum class FactReading {
  kExact,  // what cannot be read is an error and changes nothing; only NULL and \N mean no fact
  kLoose,  // a text that is too long is cut, with an error that says so
};

// Sets a fact from a cell of another program's file. It does what SetField does, but a cell that
// says that nothing is known leaves the fact unset (for a text only NULL and \\N do: a note may be
// a hyphen). For a missing date, databases write 0000-00-00 and spreadsheets #N/A. kExact refuses
// these, because an exemption without its end would never end.
absl::Status SetFact(std::string_view column, const std::string& text, FactReading reading,
                     v1::Record* record);

// Unsets the facts that a refusal of the server names in backticks: "`expires_at`". Returns false
// if it names none that the record has.
bool UnsetNamedFacts(std::string_view message, v1::Record* record);

// Returns the columns that SetField knows, and that an import accepts.
const std::vector<std::string>& RecordColumns();

// The columns of an export after list_id and RecordColumns; they are there only if they have
// content.
inline constexpr char kBlockColumn[] = "block";
inline constexpr char kListKindColumn[] = "list_kind";
inline constexpr char kListScopeColumn[] = "list_scope";
inline constexpr char kListNameColumn[] = "list_name";
struct ExportColumns {
  bool blocks = false;  // kBlockColumn
  bool lists = false;   // the three columns about lists
};

// Return the heading and rows of an export, without a line end: of a record; of a block, which has
// no number; and of a list, which has neither. An import reads what an export wrote.
std::string ExportHeading(const ExportColumns& columns = {});
std::string ExportRow(const v1::Record& record, const ExportColumns& columns = {});
std::string ExportBlockRow(const std::string& list_id, const std::string& block,
                           const ExportColumns& columns);
std::string ExportListRow(const v1::OwnList& list, const ExportColumns& columns);

// Returns the text, quoted if CSV (RFC 4180) requires it.
std::string CsvField(std::string_view text, char delimiter = ',');

// An option of a command that takes a fact of a record: --channel, --made-at, --expires-at.
struct FactOption {
  std::string name;
  std::string help;
  std::string* text;  // receives what was given
};

// The facts of a record as options of a command.
class RecordFacts {
 public:
  // One for each of RecordColumns but the number. Their texts live as long as *this.
  std::vector<FactOption> Options();

  // Sets what the options gave. Fails with INVALID_ARGUMENT for a text that a field cannot hold.
  absl::Status Apply(v1::Record* record) const;

 private:
  std::map<std::string, std::string> texts_;  // by column
};

// Recognizes a whole area code or exchange where a number is expected. Returns the three or six
// digits of what people write for all its numbers: `201XXXXXXX`, `201*`, `201-555-XXXX`, `1 (201)
// 555-****`, `201`. Empty for other texts.
std::string BlockOf(std::string_view text);

// Returns why a block cannot be a number of a list, and how to block it.
std::string WhyNoBlockHere(const std::string& block, const std::string& list);

}  // namespace dnc::cli
