#include "tools/dncload/number_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "server/base/status_macros.h"
#include "tools/cli/csv_reader.h"
#include "tools/cli/input_file.h"
#include "tools/cli/table_columns.h"

namespace dnc::load {
namespace {

constexpr std::array<const char*, 4> kUsualNames = {"phone", "phone_number", "number", "telephone"};

struct Columns {
  size_t number = 0;
  std::optional<size_t> listed;
};

absl::StatusOr<Columns> FindColumns(const cli::CsvRecord& heading, const std::string& path,
                                    const std::string& column) {
  Columns columns;
  std::optional<size_t> number;
  const std::string wanted = absl::AsciiStrToLower(column);
  for (size_t i = 0; i < heading.fields.size(); ++i) {
    const std::string name = cli::FoldedHeading(heading.Text(i));
    const bool usual = std::find(kUsualNames.begin(), kUsualNames.end(), name) != kUsualNames.end();
    if (!number && (column.empty() ? usual : name == wanted)) number = i;
    if (name == "listed") columns.listed = i;
  }
  if (!number && column.empty() && heading.fields.size() == 1) number = 0;
  if (!number) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: the first line names no column {}; name it with --column", path,
        column.empty() ? "phone, phone_number, number or telephone" : "'" + column + "'"));
  }
  columns.number = *number;
  return columns;
}

std::optional<Truth> ParseTruth(const std::string& text) {
  if (text.empty()) return Truth::kUnknown;
  if (text == "1") return Truth::kListed;
  if (text == "0") return Truth::kUnlisted;
  return std::nullopt;
}

absl::StatusOr<NumberTruth> ParseRecord(const cli::CsvRecord& record, const Columns& columns,
                                        const std::string& path) {
  const ParsedNumber number = columns.number < record.fields.size()
                                  ? ParseNumber(record.Text(columns.number))
                                  : ParsedNumber();
  if (!number.ok) {
    return absl::InvalidArgumentError(
        fmt::format("{}, line {}: no phone number in its column", path, record.line));
  }
  if (!columns.listed) return NumberTruth{number.number, Truth::kUnknown};
  const auto truth = *columns.listed < record.fields.size()
                         ? ParseTruth(cli::FoldedHeading(record.Text(*columns.listed)))
                         : std::nullopt;
  if (!truth) {
    return absl::InvalidArgumentError(
        fmt::format("{}, line {}: the column listed holds neither 1 nor 0, nor is it empty", path,
                    record.line));
  }
  return NumberTruth{number.number, *truth};
}

}  // namespace

absl::StatusOr<std::vector<NumberTruth>> ReadNumberFile(const std::string& path,
                                                        const std::string& column, uint64_t limit) {
  const cli::InputFile file(path);
  if (file.fd() < 0) return absl::NotFoundError(fmt::format("{}: {}", path, std::strerror(errno)));
  cli::CsvReader reader(file.fd(), ',');
  cli::CsvRecord record;
  DNC_ASSIGN_OR_RETURN(bool more, reader.Next(&record));
  if (!more) return absl::InvalidArgumentError(fmt::format("{} is empty", path));
  DNC_ASSIGN_OR_RETURN(const Columns columns, FindColumns(record, path, column));
  std::vector<NumberTruth> numbers;
  while (numbers.size() < limit) {
    DNC_ASSIGN_OR_RETURN(more, reader.Next(&record));
    if (!more) break;
    if (record.blank()) continue;
    DNC_ASSIGN_OR_RETURN(const NumberTruth number, ParseRecord(record, columns, path));
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace dnc::load
