// Finds in the first line of a table whether it is a heading, and which columns hold the numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/cli/cli11_names.h"

namespace dnc::cli {

// What the options say of the columns with the numbers.
struct ColumnChoice {
  std::vector<std::string> columns;  // by their headings, or their places from 1
  std::vector<uint32_t> numbers;     // by their places from 1
  std::string area_code;             // of the area codes, where the numbers have seven digits
  bool no_heading = false;

  // Adds --column, --column-number, --area-code and --no-heading. *this must outlive the app.
  void AddOptions(CLI::App* command);
};

// What was found.
struct TableColumns {
  bool heading = false;         // the first line is one
  std::vector<size_t> numbers;  // in the order asked, from 0
  std::optional<size_t> area_code;
};

// Returns the name in lower case, without blanks around it.
std::string FoldedHeading(const std::string& name);

// Whether a cell can be no heading, because it holds a phone number, however badly written: a first
// line with such a cell is data.
bool HoldsNumber(const std::string& cell);

// The column that `reference` names: a heading exactly, else without regard to case and blanks
// around it, else its place from 1 in digits. In a table without a heading only places count.
// INVALID_ARGUMENT if there is none or more than one: the message has the headings.
absl::StatusOr<size_t> FindColumn(const std::vector<std::string>& first, bool heading,
                                  const std::string& reference);

// Nothing chosen: the only column, or the only one named phone, phone_number, number or telephone,
// except those in `taken`, which hold something else. INVALID_ARGUMENT says what to choose.
absl::StatusOr<TableColumns> FindColumns(const std::vector<std::string>& first,
                                         const ColumnChoice& choice,
                                         const std::vector<size_t>& taken = {});

// Writes the first line's cells for a message: at most 20, made printable.
std::string ShownHeadings(const std::vector<std::string>& first);

// A number of which the area code may stand in a cell of its own.
std::string JoinedNumber(const std::string& area_code, const std::string& number);

}  // namespace dnc::cli
