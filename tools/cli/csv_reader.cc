#include "tools/cli/csv_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "server/base/status_macros.h"
#include "server/formats/csv_grammar.h"
#include "server/numbers/number_lines.h"
#include "server/numbers/phone_number.h"

namespace dnc::cli {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kLineEnds = "\r\n";

}  // namespace

std::string CsvRecord::Text(size_t field) const {
  return CsvValue(
      std::string_view(raw).substr(fields[field].begin, fields[field].end - fields[field].begin));
}

std::vector<std::string> CsvRecord::Texts() const {
  std::vector<std::string> texts;
  for (size_t i = 0; i < fields.size(); ++i) texts.push_back(Text(i));
  return texts;
}

bool CsvRecord::HoldsNothing() const {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (Text(i).find_first_not_of(" \t") != std::string::npos) return false;
  }
  return true;
}

bool CsvRecord::TellsDelimiter() const {
  std::string_view text(raw);
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  return text.size() == 5 && text.substr(0, 4) == "sep=";
}

bool CsvReader::Fill() {
  if (!error_.ok()) return false;  // what could be read after an error is not the next piece
  auto piece = source_.Next();
  error_ = piece.status();
  buffer_ = piece.ok() ? *piece : std::string_view();
  position_ = 0;
  if (delimiter_ == kFindDelimiter) {
    delimiter_ = FindDelimiter(buffer_, CsvLineEnds::kNewlineOrReturn);
  }
  return !buffer_.empty();
}

void CsvReader::TakeByteOrderMark(CsvRecord* record) {
  for (const char expected : kByteOrderMark) {
    if (Peek() != static_cast<unsigned char>(expected)) return;
    record->raw += expected;
    ++position_;
  }
}

void CsvReader::TakeLineEnd(CsvRecord* record) {
  if (Peek() == '\r') {
    record->line_end += '\r';
    ++position_;
  }
  if (Peek() == '\n') {
    record->line_end += '\n';
    ++position_;
  }
  ++line_;
}

bool CsvReader::IsNumber(std::string_view cell) const {
  if (ParseNumber(cell).ok) return true;
  const auto digits = std::count_if(cell.begin(), cell.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  return shape_.short_numbers && digits == 7;
}

bool CsvReader::IsSwallowedRow(const CsvRecord& record, size_t begin, size_t end) const {
  const std::string_view raw(record.raw);
  std::vector<CsvRecord::Field> cells = {{begin, end}};
  for (size_t at = begin; at < end; ++at) {
    if (raw[at] != delimiter_) continue;
    cells.back().end = at;
    cells.push_back({at + 1, end});
  }
  if (cells.size() != shape_.columns) return false;
  for (size_t column = 0; column < cells.size(); ++column) {
    const CsvRecord::Field& cell = cells[column];
    if (!absl::c_linear_search(shape_.number_columns, column) ||
        !IsNumber(raw.substr(cell.begin, cell.end - cell.begin))) {
      continue;
    }
    for (size_t i = 0; i < record.fields.size(); ++i) {
      const CsvRecord::Field& field = record.fields[i];
      const std::string_view text = raw.substr(field.begin, field.end - field.begin);
      if (cell.begin < field.begin || cell.end > field.end ||
          absl::c_linear_search(shape_.ignored_columns, i) ||
          text.find_first_of(kLineEnds) == std::string_view::npos) {
        continue;
      }
      // This is the record's own number, followed by a line end.
      if (i == column && cell.begin == field.begin) continue;
      return true;
    }
  }
  return false;
}

bool CsvReader::HoldsRows(const CsvRecord& record) const {
  const std::string_view raw(record.raw);
  if (shape_.columns == 0) {
    return std::any_of(
        record.fields.begin(), record.fields.end(), [&](const CsvRecord::Field& field) {
          return HoldsNumberLines(raw.substr(field.begin, field.end - field.begin), delimiter_);
        });
  }
  for (size_t begin = 0; begin < raw.size();) {
    const size_t end = std::min(raw.find_first_of(kLineEnds, begin), raw.size());
    if (IsSwallowedRow(record, begin, end)) return true;
    begin = end + 1;
  }
  return false;
}

absl::StatusOr<bool> CsvReader::TakeFields(CsvRecord* record) {
  // The delimiter may become known only when there are bytes.
  bool ended = Peek() == kEnd;
  CsvGrammar grammar(delimiter_, CsvLineEnds::kNewlineOrReturn);
  size_t field_begin = record->raw.size();
  for (; !ended; ended = Peek() == kEnd) {
    const char c = static_cast<char>(Peek());
    const CsvByte what = grammar.Take(c);
    if (what == CsvByte::kLineEnd) break;
    if (what == CsvByte::kMisplaced) {
      return absl::InvalidArgumentError(
          fmt::format("line {}: text follows a closing quote; the quotes of this line are wrong",
                      record->line));
    }
    if (what == CsvByte::kDelimiter) {
      record->fields.push_back({field_begin, record->raw.size()});
      field_begin = record->raw.size() + 1;
    }
    if (c == '\n') ++line_;
    record->raw += c;
    ++position_;
    if (record->raw.size() > kMaxRecordBytes) {
      return absl::InvalidArgumentError(fmt::format(
          "line {}: a row longer than {} bytes; is the closing quote of a field missing?",
          record->line, kMaxRecordBytes));
    }
  }
  if (!error_.ok()) return error_;
  if (grammar.inside_quotes()) {
    return absl::InvalidArgumentError(
        fmt::format("line {}: a quoted field has no end", record->line));
  }
  if (!record->blank()) record->fields.push_back({field_begin, record->raw.size()});
  return !ended;
}

absl::StatusOr<bool> CsvReader::Next(CsvRecord* record) {
  record->raw.clear();
  record->line_end.clear();
  record->fields.clear();
  record->line = line_;
  if (line_ == 1) TakeByteOrderMark(record);
  DNC_ASSIGN_OR_RETURN(const bool line_end, TakeFields(record));
  if (!line_end && record->raw.empty()) return false;
  if (record->raw.find_first_of(kLineEnds) != std::string::npos && HoldsRows(*record)) {
    return absl::InvalidArgumentError(fmt::format(
        "line {}: a quoted field of it goes on over lines that are rows with phone numbers; a "
        "quote is missing or too many. If the text is meant so, write it on one line, or leave its "
        "column out",
        record->line));
  }
  if (line_end) TakeLineEnd(record);
  return true;
}

}  // namespace dnc::cli
