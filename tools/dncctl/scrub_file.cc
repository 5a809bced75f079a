#include "tools/dncctl/scrub_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dnc/number_text.h"
#include "tools/cli/text_encoding.h"
#include "tools/dncctl/record_csv.h"

namespace dnc::cli {
namespace {

// Returns whether a scrub has made this heading.
bool IsAdded(const std::string& name) {
  const std::string folded = FoldedHeading(name);
  const std::string each = std::string(kAddedColumns[0]) + "_";
  return folded.rfind(each, 0) == 0 ||
         std::find(kAddedColumns.begin(), kAddedColumns.end(), folded) != kAddedColumns.end();
}

}  // namespace

absl::Status ScrubFile::FindReplaced(const std::vector<std::string>& names, bool replace) {
  kept_columns_ = names.size();
  if (!columns_.heading) return absl::OkStatus();
  for (size_t i = 0; i < names.size(); ++i) {
    if (!IsAdded(names[i])) continue;
    if (!replace) {
      return absl::InvalidArgumentError(
          fmt::format("the input has a column {} already; is it the result of a scrub? Replace "
                      "the earlier answers with --replace",
                      names[i]));
    }
    replaced_.resize(names.size());
    replaced_[i] = true;
    --kept_columns_;
  }
  for (const size_t column : columns_.numbers) {
    if (!replaced_.empty() && replaced_[column]) {
      return absl::InvalidArgumentError(
          fmt::format("column {} is of an earlier scrub, and holds no numbers", names[column]));
    }
  }
  return absl::OkStatus();
}

absl::Status ScrubFile::NameAddedColumns(const std::vector<std::string>& names) {
  added_names_.assign(kAddedColumns.begin(), kAddedColumns.end());
  if (columns_.numbers.size() == 1) return absl::OkStatus();
  if (columns_.numbers.size() > kMaxNumberColumns) {
    return absl::InvalidArgumentError(
        fmt::format("at most {} columns of numbers at once", kMaxNumberColumns));
  }
  for (const size_t column : columns_.numbers) {
    const std::string heading = columns_.heading ? FoldedHeading(names[column]) : "";
    // Positions tell two headings of the same name apart.
    const bool alone = std::count_if(names.begin(), names.end(), [&](const std::string& name) {
                         return FoldedHeading(name) == heading;
                       }) == 1;
    added_names_.push_back(fmt::format(
        "{}_{}", kAddedColumns[0],
        heading.empty() || !alone ? std::to_string(column + 1) : ToUtf8(names[column])));
  }
  return absl::OkStatus();
}

absl::Status ScrubFile::Open(const ScrubTable& table) {
  do {
    const auto found = reader_.Next(&record_);
    if (!found.ok()) return found.status();
    if (!*found) return absl::InvalidArgumentError("the input is empty: it has no heading, no row");
  } while (record_.blank());
  const std::vector<std::string> names = record_.Texts();
  auto columns = FindColumns(names, table.columns);
  if (!columns.ok()) return columns.status();
  columns_ = *std::move(columns);
  if (auto status = FindReplaced(names, table.replace); !status.ok()) return status;
  if (auto status = NameAddedColumns(names); !status.ok()) return status;
  TableShape shape;
  shape.columns = names.size();
  shape.number_columns = columns_.numbers;
  shape.short_numbers = columns_.area_code.has_value();
  reader_.set_shape(std::move(shape));
  if (columns_.heading) heading_ = MakeRow(record_);
  has_first_row_ = !columns_.heading;
  return absl::OkStatus();
}

ScrubRow ScrubFile::MakeRow(const CsvRecord& record) const {
  ScrubRow row;
  row.line_end = record.line_end;
  row.blank = record.blank();
  if (row.blank || replaced_.empty()) {
    row.raw = record.raw;
    row.insert_at = record.raw.size();
    const size_t fields = record.fields.size();
    if (!row.blank && fields < kept_columns_) row.missing = kept_columns_ - fields;
    if (!row.blank && fields > kept_columns_) row.insert_at = record.fields[kept_columns_ - 1].end;
    return row;
  }
  row.raw = record.raw.substr(0, record.fields.front().begin);  // this is a byte order mark
  size_t kept = 0;
  for (size_t i = 0; i < record.fields.size(); ++i) {
    if (i < replaced_.size() && replaced_[i]) continue;
    const CsvRecord::Field& field = record.fields[i];
    if (kept > 0) row.raw += reader_.delimiter();
    row.raw.append(record.raw, field.begin, field.end - field.begin);
    if (++kept == kept_columns_) row.insert_at = row.raw.size();
  }
  if (kept < kept_columns_) {
    row.missing = kept_columns_ - kept;
    row.insert_at = row.raw.size();
  }
  return row;
}

std::string ScrubFile::HeadingLine() const {
  std::string line;
  if (!columns_.heading) return line;
  AppendRow(heading_, added_names_, &line);
  return line;
}

std::string ScrubFile::NumberText(const CsvRecord& record, size_t column) const {
  const auto cell = [&record](size_t place) {
    return place < record.fields.size() ? ToUtf8(record.Text(place)) : std::string();
  };
  const std::string number = cell(column);
  return columns_.area_code.has_value() ? JoinedNumber(cell(*columns_.area_code), number) : number;
}

void ScrubFile::AddTexts(const CsvRecord& record, ScrubBatch* batch) const {
  ScrubRow& row = batch->rows.back();
  for (size_t i = 0; i < columns_.numbers.size(); ++i) {
    const std::string text = NumberText(record, columns_.numbers[i]);
    if (columns_.numbers.size() > 1 && IsNothing(text)) continue;
    row.asked |= 1U << i;
    ++row.texts;
    batch->texts.push_back(WireText(text));
  }
  if (row.texts > 0) return;
  row.texts = 1;
  batch->texts.emplace_back();
}

absl::StatusOr<bool> ScrubFile::NextRecord() {
  if (!has_first_row_) return reader_.Next(&record_);
  has_first_row_ = false;
  return true;
}

absl::StatusOr<bool> ScrubFile::NextBatch(ScrubBatch* batch) {
  batch->rows.clear();
  batch->texts.clear();
  batch->bytes = 0;
  while (batch->rows.size() < kBatchRows && batch->bytes < kBatchBytes &&
         batch->texts.size() < kBatchRows) {
    const auto found = NextRecord();
    if (!found.ok()) return found.status();
    if (!*found) break;
    batch->rows.push_back(MakeRow(record_));
    batch->bytes += record_.raw.size();
    if (!record_.blank()) AddTexts(record_, batch);
  }
  return !batch->rows.empty();
}

void ScrubFile::AppendRow(const ScrubRow& row, const std::vector<std::string>& added,
                          std::string* out) const {
  out->append(row.raw, 0, row.insert_at);
  if (!row.blank) {
    out->append(row.missing, reader_.delimiter());
    for (const std::string& value : added) {
      *out += reader_.delimiter();
      *out += CsvField(value, reader_.delimiter());
    }
  }
  out->append(row.raw, row.insert_at);
  *out += row.line_end;
}

}  // namespace dnc::cli
