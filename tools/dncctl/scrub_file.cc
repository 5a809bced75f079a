#include "tools/dncctl/scrub_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "dnc/number_text.h"

namespace dnc::ctl {
namespace {

// Lower case, without blanks around it.
std::string Folded(const std::string& name) {
  std::string folded(absl::StripAsciiWhitespace(name));
  absl::AsciiStrToLower(&folded);
  return folded;
}

template <typename Predicate>
std::vector<size_t> Positions(const std::vector<std::string>& names, Predicate matches) {
  std::vector<size_t> found;
  for (size_t i = 0; i < names.size(); ++i) {
    if (matches(names[i])) found.push_back(i);
  }
  return found;
}

std::vector<size_t> FindByName(const std::vector<std::string>& names, const std::string& column) {
  auto found = Positions(names, [&](const std::string& name) { return name == column; });
  if (!found.empty()) return found;
  return Positions(names, [&](const std::string& name) { return Folded(name) == Folded(column); });
}

std::vector<size_t> FindUsual(const std::vector<std::string>& names) {
  if (names.size() == 1) return {0};
  return Positions(names, [](const std::string& name) {
    const std::string folded = Folded(name);
    return folded == "phone" || folded == "phone_number" || folded == "number" ||
           folded == "telephone";
  });
}

// Whether it can only be a number: a file without a heading, whose first number would be lost.
bool LooksLikeNumber(const std::string& heading) {
  size_t digits = 0;
  for (const char c : heading) {
    if (absl::ascii_isalpha(static_cast<unsigned char>(c))) return false;
    if (absl::ascii_isdigit(static_cast<unsigned char>(c))) ++digits;
  }
  return digits == 10 || digits == 11;
}

bool IsUtf16(const std::string& raw) {
  return raw.rfind("\xFF\xFE", 0) == 0 || raw.rfind("\xFE\xFF", 0) == 0;
}

}  // namespace

absl::Status ScrubFile::ReadHeading(const std::string& column) {
  const auto found = reader_.Next(&record_);
  if (!found.ok()) return found.status();
  if (!*found || record_.blank()) {
    return absl::InvalidArgumentError("the input has no heading in its first line");
  }
  if (IsUtf16(record_.raw)) {
    return absl::InvalidArgumentError("the input is UTF-16; save it as CSV in UTF-8");
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < record_.fields.size(); ++i) names.push_back(record_.Text(i));
  const absl::Status status = FindColumn(names, column);
  if (!status.ok()) return status;
  columns_ = names.size();
  heading_ = MakeRow(record_);
  return absl::OkStatus();
}

absl::Status ScrubFile::FindColumn(const std::vector<std::string>& names,
                                   const std::string& column) {
  for (const char* added : kAddedColumns) {
    if (!FindByName(names, added).empty()) {
      return absl::InvalidArgumentError(fmt::format(
          "the input has a column {} already; is it the result of a scrub? Remove the column first",
          added));
    }
  }
  const auto found = column.empty() ? FindUsual(names) : FindByName(names, column);
  if (found.size() == 1) {
    if (column.empty() && LooksLikeNumber(names[found[0]])) {
      return absl::InvalidArgumentError(
          "the first line holds a number, not a heading; put a line `phone` before it");
    }
    column_ = found[0];
    return absl::OkStatus();
  }
  const std::string headings = fmt::format("{}", fmt::join(names, ", "));
  if (column.empty()) {
    return absl::InvalidArgumentError(fmt::format(
        "which column holds the numbers? Name it with --column. Headings: {}", headings));
  }
  return absl::InvalidArgumentError(fmt::format("{} column '{}'. Headings: {}",
                                                found.empty() ? "there is no" : "more than one",
                                                column, headings));
}

ScrubRow ScrubFile::MakeRow(const CsvRecord& record) const {
  ScrubRow row;
  row.raw = record.raw;
  row.line_end = record.line_end;
  row.blank = record.blank();
  row.insert_at = record.raw.size();
  if (row.blank) return row;
  const size_t fields = record.fields.size();
  if (fields < columns_) row.missing = columns_ - fields;
  if (columns_ > 0 && fields > columns_) row.insert_at = record.fields[columns_ - 1].end;
  return row;
}

std::string ScrubFile::HeadingLine() const {
  std::array<std::string, 4> names;
  std::copy(kAddedColumns.begin(), kAddedColumns.end(), names.begin());
  std::string line;
  AppendRow(heading_, names, &line);
  return line;
}

absl::StatusOr<bool> ScrubFile::NextBatch(ScrubBatch* batch) {
  batch->rows.clear();
  batch->texts.clear();
  batch->bytes = 0;
  while (batch->rows.size() < kBatchRows && batch->bytes < kBatchBytes) {
    const auto found = reader_.Next(&record_);
    if (!found.ok()) return found.status();
    if (!*found) break;
    batch->rows.push_back(MakeRow(record_));
    batch->bytes += record_.raw.size();
    if (record_.blank()) continue;
    batch->texts.push_back(column_ < record_.fields.size() ? WireText(record_.Text(column_))
                                                           : std::string());
  }
  return !batch->rows.empty();
}

void ScrubFile::AppendRow(const ScrubRow& row, const std::array<std::string, 4>& added,
                          std::string* out) const {
  out->append(row.raw, 0, row.insert_at);
  if (!row.blank) {
    out->append(row.missing, delimiter_);
    for (const std::string& value : added) {
      *out += delimiter_;
      const bool quote = value.find(delimiter_) != std::string::npos;
      if (quote) *out += '"';
      *out += value;
      if (quote) *out += '"';
    }
  }
  out->append(row.raw, row.insert_at);
  *out += row.line_end;
}

}  // namespace dnc::ctl
