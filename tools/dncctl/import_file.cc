#include "tools/dncctl/import_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "dnc/number_text.h"
#include "server/numbers/phone_number.h"
#include "tools/cli/names.h"
#include "tools/cli/terminal.h"
#include "tools/cli/text_encoding.h"
#include "tools/dncctl/record_csv.h"

namespace dnc::cli {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// What a record takes in a message besides its own bytes.
constexpr size_t kRecordOverhead = 6;

void AddReason(const std::string& reason, std::string* because) {
  *because += (because->empty() ? "" : "; ") + reason;
}

}  // namespace

ImportFile::ImportFile(int fd, ImportFormat format, Facts facts)
    : reader_(fd, format.delimiter), format_(std::move(format)), facts_(facts) {}

absl::StatusOr<ImportFile> ImportFile::Open(int fd, ImportFormat format,
                                            const RecordFacts& defaults, Facts facts) {
  format.needs_ends = facts == Facts::kRefuse;
  ImportFile file(fd, std::move(format), facts);
  file.defaults_.set_channel(v1::CHANNEL_IMPORT);
  if (auto status = defaults.Apply(&file.defaults_); !status.ok()) return status;
  if (auto status = file.ReadFirst(); !status.ok()) return status;
  return file;
}

absl::Status ImportFile::ReadFirst() {
  do {
    const auto more = reader_.Next(&row_);
    if (!more.ok()) return more.status();
    if (!*more) return absl::InvalidArgumentError("the file is empty; it needs a heading");
  } while (row_.blank());
  std::vector<std::string> names = row_.Texts();
  for (std::string& name : names) name = ToUtf8(name);
  auto columns = FindImportColumns(names, format_);
  if (!columns.ok()) return columns.status();
  columns_ = *std::move(columns);
  has_first_row_ = !columns_.heading;
  if (columns_.heading) {
    heading_ = row_.raw;
    if (heading_.rfind(kByteOrderMark, 0) == 0) heading_.erase(0, kByteOrderMark.size());
  }
  TableShape shape;
  shape.columns = columns_.meanings.size();
  shape.number_columns = {PlaceOf(columns_, "number")};
  for (size_t i = 0; i < columns_.meanings.size(); ++i) {
    if (columns_.meanings[i].empty()) shape.ignored_columns.push_back(i);
  }
  shape.short_numbers = PlaceOf(columns_, kAreaCodeColumn) != kNowhere;
  reader_.set_shape(std::move(shape));
  // An empty field means that the fact is not known, so no option may set it.
  for (const std::string& meaning : columns_.meanings) {
    const auto* const field = v1::Record::descriptor()->FindFieldByName(meaning);
    if (field != nullptr) v1::Record::GetReflection()->ClearField(&defaults_, field);
  }
  return absl::OkStatus();
}

std::string ImportFile::heading() const {
  if (columns_.heading) return heading_;
  std::string heading;
  for (size_t i = 0; i < columns_.meanings.size(); ++i) {
    if (i > 0) heading += reader_.delimiter();
    heading += columns_.meanings[i].empty() ? "-" : columns_.meanings[i];
  }
  return heading;
}

absl::Status ImportFile::CheckExempts(const std::vector<std::string>& cells) const {
  const auto* const kinds = v1::OwnListKind_descriptor();
  const std::string kind = CellOf(cells, kListKindColumn);
  if (!IsSurelyNothing(kind) && ParseEnum(kinds, kind) != format_.exempts) {
    return absl::InvalidArgumentError(
        fmt::format("its list_kind is '{}', but '{}' is a list of the kind {}; import it into a "
                    "list of its own kind",
                    Printable(kind), Printable(format_.list), WrittenName(kinds, format_.exempts)));
  }
  if (PlaceOf(columns_, kListIdColumn) != kNowhere &&
      ListNamed(CellOf(cells, kListIdColumn)).empty()) {
    return absl::InvalidArgumentError(fmt::format(
        "its list_id is empty, so it may be a do-not-call request, and '{0}' is no list of those; "
        "write {0} there if it belongs to it, or import it with --list internal",
        Printable(format_.list)));
  }
  return absl::OkStatus();
}

absl::Status ImportFile::CheckList(const std::vector<std::string>& cells) const {
  if (format_.exempts != v1::OWN_LIST_KIND_UNSPECIFIED) {
    if (auto status = CheckExempts(cells); !status.ok()) return status;
  }
  const std::string list = ListOf(cells);
  if (list == format_.list) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("it is of the list '{}', which is to be imported by itself: --list {}; or all "
                  "lists of the file: --all-lists",
                  Printable(list), Printable(list)));
}

std::string ImportFile::CellOf(const std::vector<std::string>& cells,
                               const std::string& meaning) const {
  const size_t place = PlaceOf(columns_, meaning);
  return place < cells.size() ? cells[place] : "";
}

std::string ImportFile::ListOf(const std::vector<std::string>& cells) const {
  std::string list = ListNamed(CellOf(cells, kListIdColumn));
  if (list.empty()) list = format_.skip_other_lists ? kDefaultList : format_.list;
  return list;
}

bool ImportFile::IsOtherRow(const std::vector<std::string>& cells) const {
  if (format_.skip_other_lists && ListOf(cells) != format_.list) return true;
  if (!IsNothing(CellOf(cells, "number")) || !IsNothing(CellOf(cells, kBlockColumn))) return false;
  // The list exists, or was made before.
  return ParseEnum(v1::OwnListKind_descriptor(), CellOf(cells, kListKindColumn)).has_value();
}

absl::StatusOr<std::string> ImportFile::ReadBlock(const std::vector<std::string>& cells) const {
  const std::string text = CellOf(cells, kBlockColumn);
  if (IsNothing(text)) return "";
  if (auto status = CheckList(cells); !status.ok()) return status;
  std::string block = BlockOf(text);
  const bool whole = cells.size() == columns_.meanings.size();
  if (!block.empty() && (whole || IsNothing(CellOf(cells, "number")))) return block;
  return absl::InvalidArgumentError(fmt::format(
      "its block '{}' was not taken: {}", Printable(text),
      whole
          ? "it is no area code or exchange"
          : fmt::format("it has {} fields instead of {}", cells.size(), columns_.meanings.size())));
}

absl::Status ImportFile::ParseNumber(const std::vector<std::string>& cells,
                                     v1::Record* record) const {
  const size_t place = PlaceOf(columns_, "number");
  const size_t area_code = PlaceOf(columns_, kAreaCodeColumn);
  std::string number = place < cells.size() ? cells[place] : "";
  if (IsNothing(number)) return absl::InvalidArgumentError("it has no number");
  if (area_code < cells.size()) number = JoinedNumber(cells[area_code], number);
  if (const std::string block = BlockOf(number); !block.empty()) {
    return absl::InvalidArgumentError(WhyNoBlockHere(block, format_.list));
  }
  record->set_number(WireText(number));
  return absl::OkStatus();
}

absl::Status ImportFile::Parse(const std::vector<std::string>& cells, ImportLine* line,
                               v1::Record* record) const {
  *record = defaults_;
  if (auto status = CheckList(cells); !status.ok()) return status;
  // A line with too few fields may have been cut off, and one with too many is shifted. Its other
  // facts are not guessed.
  if (cells.size() != columns_.meanings.size()) {
    const std::string why =
        fmt::format("it has {} fields instead of {}", cells.size(), columns_.meanings.size());
    const absl::Status number = ParseNumber(cells, record);
    if (facts_ == Facts::kRefuse || !number.ok() || !dnc::ParseNumber(record->number()).ok) {
      return absl::InvalidArgumentError(why);
    }
    line->because = why + ": the number alone was kept";
    return absl::OkStatus();
  }
  if (auto status = ParseNumber(cells, record); !status.ok()) return status;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string& meaning = columns_.meanings[i];
    // Takes only facts of records here; all others are read elsewhere.
    if (meaning == "number" || v1::Record::descriptor()->FindFieldByName(meaning) == nullptr ||
        meaning == kListIdColumn) {
      continue;
    }
    const FactReading reading =
        facts_ == Facts::kRefuse ? FactReading::kExact : FactReading::kLoose;
    const absl::Status status = SetFact(meaning, cells[i], reading, record);
    if (status.ok()) continue;
    if (facts_ == Facts::kRefuse) return status;
    AddReason(std::string(status.message()), &line->because);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> ImportFile::NextRow() {
  if (!has_first_row_) return reader_.Next(&row_);
  has_first_row_ = false;
  return true;
}

void ImportFile::TakeRow(const CsvRecord& row, ImportPart* part, size_t* bytes) {
  std::vector<std::string> cells = row.Texts();
  for (std::string& cell : cells) cell = ToUtf8(cell);
  if (IsOtherRow(cells)) return;
  ImportLine line{row.line, "", row.raw};
  if (line.raw.rfind(kByteOrderMark, 0) == 0) line.raw.erase(0, kByteOrderMark.size());
  const auto block = ReadBlock(cells);
  const bool blocks = block.ok() && !block->empty();
  if (blocks && IsNothing(CellOf(cells, "number"))) {
    blocks_.push_back(*block);
    return;
  }
  v1::Record record;
  absl::Status status = Parse(cells, &line, &record);
  // An opt-out does not depend on the other cells: its line is reported as refused, but its number
  // goes in. Of an exemption everything is taken or nothing.
  const bool number = status.ok() && (block.ok() || facts_ == Facts::kKeepWithout);
  if (!block.ok() && (status.ok() || IsNothing(CellOf(cells, "number")))) status = block.status();
  if (!status.ok()) {
    ImportLine refused{line.line, std::string(status.message()), line.raw};
    *bytes += refused.raw.size();
    part->refused.push_back(std::move(refused));
  }
  if (blocks && (number || facts_ == Facts::kKeepWithout)) blocks_.push_back(*block);
  if (!number) return;
  *bytes += record.ByteSizeLong() + kRecordOverhead;
  part->request.add_records()->Swap(&record);
  part->lines.push_back(std::move(line));
}

absl::StatusOr<bool> ImportFile::Next(const PartLimits& limits, ImportPart* part) {
  *part = {};
  size_t bytes = 0;
  while (part->lines.size() + part->refused.size() < limits.records && bytes < limits.bytes) {
    const auto more = NextRow();
    if (!more.ok()) return more.status();
    if (!*more) return !part->lines.empty() || !part->refused.empty();
    if (!row_.blank() && !row_.HoldsNothing()) TakeRow(row_, part, &bytes);
  }
  return true;
}

std::vector<ImportPart> CutPart(ImportPart part, const PartLimits& limits) {
  std::vector<ImportPart> parts(1);
  parts.front().refused = std::move(part.refused);
  size_t bytes = 0;
  for (size_t i = 0; i < part.lines.size(); ++i) {
    v1::Record& record = *part.request.mutable_records(static_cast<int>(i));
    const size_t more = record.ByteSizeLong() + kRecordOverhead;
    const size_t records = parts.back().lines.size();
    if (records > 0 && (records == limits.records || bytes + more > limits.bytes)) {
      parts.emplace_back();
      bytes = 0;
    }
    bytes += more;
    parts.back().request.add_records()->Swap(&record);
    parts.back().lines.push_back(std::move(part.lines[i]));
  }
  return parts;
}

}  // namespace dnc::cli
