// Finds out from the first line of a table whether it is a heading, and which columns hold the
// numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/cli/cli11_names.h"

namespace dnc::cli {

// What the options say about the columns with the numbers.
struct ColumnChoice {
  std::vector<std::string> columns;  // by their headings, or by their positions from 1
  std::vector<uint32_t> numbers;     // by their positions from 1
  std::string area_code;             // the column of area codes, if the numbers have seven digits
  bool no_heading = false;

  // Adds --column, --column-number, --area-code and --no-heading. This object must outlive the app.
  void AddOptions(CLI::App* command);
};

// The result.
struct TableColumns {
  bool heading = false;         // the first line is a heading
  std::vector<size_t> numbers;  // in the order asked for, from 0
  std::optional<size_t> area_code;
};

// Returns the name in lower case, without blanks around it.
std::string FoldedHeading(const std::string& name);

// Returns whether a cell cannot be a heading because it holds a phone number, however badly
// written. A first line with such a cell is data.
bool HoldsNumber(const std::string& cell);

// Returns the column that `reference` names: by its exact heading, else ignoring case and
// surrounding blanks, else by its position from 1 in digits. In a table without a heading only
// positions count. Fails with INVALID_ARGUMENT, showing the headings, if there is none or more than
// one.
absl::StatusOr<size_t> FindColumn(const std::vector<std::string>& first, bool heading,
                                  const std::string& reference);

// If nothing is chosen, returns the only column, or the only one named phone, phone_number, number
// or telephone, except those in `taken`, which hold something else. Fails with INVALID_ARGUMENT and
// says what to choose.
absl::StatusOr<TableColumns> FindColumns(const std::vector<std::string>& first,
                                         const ColumnChoice& choice,
                                         const std::vector<size_t>& taken = {});

// Writes the first line's cells for a message: at most 20, made printable.
std::string ShownHeadings(const std::vector<std::string>& first);

// Joins a number with its area code, which may have a cell of its own.
std::string JoinedNumber(const std::string& area_code, const std::string& number);

}  // namespace dnc::cli
