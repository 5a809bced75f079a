#include "tools/dncctl/import_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "tools/dncctl/record_csv.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
namespace {

constexpr char kListId[] = "list_id";

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// "Made At" is made_at.
std::string Normalized(std::string name) {
  const size_t begin = name.find_first_not_of(' ');
  name =
      begin == std::string::npos ? "" : name.substr(begin, name.find_last_not_of(' ') - begin + 1);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return c == ' ' || c == '-' ? '_' : static_cast<char>(std::tolower(c));
  });
  return name;
}

}  // namespace

ImportFile::ImportFile(int fd, ImportFormat format)
    : reader_(fd, format.delimiter), format_(std::move(format)) {}

absl::StatusOr<ImportFile> ImportFile::Open(int fd, ImportFormat format, const RecordFacts& facts) {
  ImportFile file(fd, std::move(format));
  file.defaults_.set_channel(v1::CHANNEL_IMPORT);
  if (auto status = facts.Apply(&file.defaults_); !status.ok()) return status;
  auto status =
      file.format_.columns.empty() ? file.ReadHeading() : file.TakeColumns(file.format_.columns);
  if (!status.ok()) return status;
  return file;
}

absl::Status ImportFile::ReadHeading() {
  CsvRecord line;
  const auto more = reader_.Next(&line);
  if (!more.ok()) return more.status();
  if (!*more) return absl::InvalidArgumentError("the file is empty; it needs a heading");
  heading_ = line.raw;
  std::vector<std::string> names;
  for (size_t i = 0; i < line.fields.size(); ++i) names.push_back(line.Text(i));
  return TakeColumns(names);
}

absl::StatusOr<std::string> ImportFile::Meaning(const std::string& name) const {
  if (name == "-" || name == kRefusedLine || name == kRefusedBecause ||
      Contains(format_.ignored, name)) {
    return std::string();
  }
  const std::string normalized = Normalized(name);
  if (normalized == Normalized(format_.number_column)) return std::string("number");
  if (normalized == kListId) return normalized;
  if (normalized != "number" && Contains(RecordColumns(), normalized)) return normalized;
  return absl::InvalidArgumentError(fmt::format(
      "'{}' is no fact of a record ({}); leave it out with --ignore, or name the numbers' column "
      "with --column",
      Printable(name), fmt::join(RecordColumns(), ", ")));
}

absl::Status ImportFile::TakeColumns(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    auto meaning = Meaning(name);
    if (!meaning.ok()) return meaning.status();
    if (!meaning->empty() && Contains(columns_, *meaning)) {
      return absl::InvalidArgumentError(fmt::format("two columns hold '{}'", *meaning));
    }
    columns_.push_back(*std::move(meaning));
    // An empty field is a fact that is not known, and no option says it.
    const auto* const field = v1::Record::descriptor()->FindFieldByName(columns_.back());
    if (field != nullptr) v1::Record::GetReflection()->ClearField(&defaults_, field);
  }
  if (Contains(columns_, "number")) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "no column is named '{}'; name the numbers' column with --column, or, in a file without a "
      "heading, all of them with --columns number,made_at,-",
      Printable(format_.number_column)));
}

absl::Status ImportFile::Parse(const CsvRecord& line, v1::Record* record) const {
  // A line with too few fields may have been cut off; what it lacks is not guessed.
  if (line.fields.size() != columns_.size()) {
    return absl::InvalidArgumentError(
        fmt::format("it has {} fields instead of {}", line.fields.size(), columns_.size()));
  }
  *record = defaults_;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].empty()) continue;
    const std::string text = line.Text(i);
    if (columns_[i] == kListId) {
      if (text == format_.list) continue;
      return absl::InvalidArgumentError(
          fmt::format("it is of the list '{}', which is to be imported by itself: --list {}",
                      Printable(text), Printable(text)));
    }
    if (auto status = SetField(columns_[i], text, record); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> ImportFile::Next(ImportPart* part) {
  part->request.Clear();
  part->lines.clear();
  part->refused.clear();
  CsvRecord line;
  v1::Record record;
  while (part->lines.size() + part->refused.size() < ImportPart::kMaxRecords) {
    const auto more = reader_.Next(&line);
    if (!more.ok()) return more.status();
    if (!*more) return !part->lines.empty() || !part->refused.empty();
    if (line.blank()) continue;
    if (auto status = Parse(line, &record); !status.ok()) {
      part->refused.push_back({line.line, std::string(status.message()), line.raw});
      continue;
    }
    part->request.add_records()->Swap(&record);
    part->lines.push_back({line.line, "", line.raw});
  }
  return true;
}

}  // namespace dnc::ctl
