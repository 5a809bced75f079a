#include "tools/dncctl/record_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "dnc/number_text.h"
#include "tools/cli/names.h"
#include "tools/cli/terminal.h"
#include "tools/cli/time_text.h"

namespace dnc::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Timestamp;

absl::Status SetEnum(const FieldDescriptor* field, const std::string& text, v1::Record* record) {
  const auto value = ParseEnum(field->enum_type(), text);
  if (!value.has_value()) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: '{}' is none of {}", field->name(), Printable(text), EnumChoices(field->enum_type())));
  }
  v1::Record::GetReflection()->SetEnumValue(record, field, *value);
  return absl::OkStatus();
}

absl::Status SetTime(const FieldDescriptor* field, const std::string& text, v1::Record* record) {
  const auto time = ReadTime(text);
  if (!time.has_value()) {
    return absl::InvalidArgumentError(fmt::format("{}: {}", field->name(), WhyNoTime(text)));
  }
  static_cast<Timestamp&>(*v1::Record::GetReflection()->MutableMessage(record, field)) =
      ToTimestamp(*time);
  return absl::OkStatus();
}

// Writes a time to its last digit, so that a record that comes back equals the stored one.
std::string ExactTime(const Timestamp& timestamp) {
  return absl::FormatTime("%E4Y-%m-%d%ET%H:%M:%E*SZ", ToTime(timestamp), absl::UTCTimeZone());
}

// Returns how many bytes the contract allows for a text.
size_t MostBytes(std::string_view column) {
  if (column == "note") return 1'000;
  return column == "source" ? 500 : 200;
}

constexpr std::string_view kNull = "NULL";
constexpr std::string_view kSqlNull = "\\N";

std::string FieldText(const FieldDescriptor* field, const v1::Record& record) {
  const auto& reflection = *v1::Record::GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int value = reflection.GetEnumValue(record, field);
      return value == 0 ? std::string() : EnumName(field->enum_type(), value);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return reflection.HasField(record, field)
                 ? ExactTime(static_cast<const Timestamp&>(reflection.GetMessage(record, field)))
                 : std::string();
    default:
      return reflection.GetString(record, field);
  }
}

}  // namespace

const std::vector<std::string>& RecordColumns() {
  static const std::vector<std::string> columns = {
      "number", "made_at",    "made_by",  "channel",       "reason",
      "note",   "expires_at", "ebr_kind", "last_event_at", "source"};
  return columns;
}

bool IsNothing(std::string_view text) {
  constexpr std::array<std::string_view, 12> kWords = {
      "null", "\\n", "n/a", "#n/a", "na", "nan", "(null)", "none", "nil", "-", "--", "#null!"};
  const std::string folded = absl::AsciiStrToLower(
      absl::StripAsciiWhitespace(absl::string_view(text.data(), text.size())));
  return folded.empty() || std::find(kWords.begin(), kWords.end(), folded) != kWords.end();
}

bool IsSurelyNothing(std::string_view text) {
  const absl::string_view bare =
      absl::StripAsciiWhitespace(absl::string_view(text.data(), text.size()));
  return bare.empty() || text == kNull || text == kSqlNull;
}

absl::Status SetField(std::string_view column, const std::string& text, v1::Record* record) {
  if (text.empty()) return absl::OkStatus();
  const auto* field = v1::Record::descriptor()->FindFieldByName(std::string(column));
  if (field == nullptr) {
    return absl::InvalidArgumentError(fmt::format("there is no column '{}'", Printable(column)));
  }
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(field, text, record);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetTime(field, text, record);
    default:
      break;
  }
  // Only the number's text may be changed: if it must be cut or replaced, it is malformed anyhow.
  // The other facts are sent unchanged, or not at all.
  if (column == "number") {
    record->set_number(WireText(text));
  } else if (!IsUtf8(text)) {
    return absl::InvalidArgumentError(fmt::format("{}: not UTF-8", field->name()));
  } else {
    v1::Record::GetReflection()->SetString(record, field, text);
  }
  return absl::OkStatus();
}

absl::Status SetFact(std::string_view column, const std::string& text, FactReading reading,
                     v1::Record* record) {
  const auto* field = v1::Record::descriptor()->FindFieldByName(std::string(column));
  if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    const bool nothing = reading == FactReading::kLoose
                             ? text.rfind("0000-00-00", 0) == 0 || IsNothing(text)
                             : IsSurelyNothing(text);
    return nothing ? absl::OkStatus() : SetField(column, text, record);
  }
  if (text == kNull || text == kSqlNull) return absl::OkStatus();
  const size_t most = MostBytes(column);
  if (reading == FactReading::kExact || text.size() <= most) return SetField(column, text, record);
  size_t end = most;
  // The text must not be cut in the middle of a character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  if (auto status = SetField(column, text.substr(0, end), record); !status.ok()) return status;
  return absl::InvalidArgumentError(
      fmt::format("{}: cut to {} of {} bytes", column, end, text.size()));
}

bool UnsetNamedFacts(std::string_view message, v1::Record* record) {
  bool any = false;
  for (const std::string& column : RecordColumns()) {
    if (column == "number" || message.find("`" + column + "`") == std::string_view::npos) continue;
    const auto* field = v1::Record::descriptor()->FindFieldByName(column);
    const auto& reflection = *v1::Record::GetReflection();
    if (!reflection.HasField(*record, field)) continue;
    reflection.ClearField(record, field);
    any = true;
  }
  return any;
}

std::string CsvField(std::string_view text, char delimiter) {
  const bool plain = text.find_first_of("\"\r\n") == std::string_view::npos &&
                     text.find(delimiter) == std::string_view::npos;
  if (plain) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string ExportHeading(const ExportColumns& columns) {
  std::string heading = fmt::format("list_id,{}", fmt::join(RecordColumns(), ","));
  if (columns.blocks) heading += fmt::format(",{}", kBlockColumn);
  if (columns.lists) {
    heading += fmt::format(",{},{},{}", kListKindColumn, kListScopeColumn, kListNameColumn);
  }
  return heading;
}

std::string ExportRow(const v1::Record& record, const ExportColumns& columns) {
  std::string row = CsvField(record.list_id());
  for (const std::string& column : RecordColumns()) {
    row += ',';
    row += CsvField(FieldText(v1::Record::descriptor()->FindFieldByName(column), record));
  }
  if (columns.blocks) row += ',';
  if (columns.lists) row += ",,,";
  return row;
}

std::string ExportBlockRow(const std::string& list_id, const std::string& block,
                           const ExportColumns& columns) {
  std::string row = CsvField(list_id) + std::string(RecordColumns().size(), ',');
  row += ',' + block;
  if (columns.lists) row += ",,,";
  return row;
}

std::string ExportListRow(const v1::OwnList& list, const ExportColumns& columns) {
  std::string row = CsvField(list.list_id()) + std::string(RecordColumns().size(), ',');
  if (columns.blocks) row += ',';
  row += ',' + WrittenName(v1::OwnListKind_descriptor(), list.kind());
  row += ',' + CsvField(list.scope()) + ',' + CsvField(list.display_name());
  return row;
}

namespace {

// Summarizes what the contract says about each column.
std::string Help(const std::string& column) {
  if (column == "made_at") return "When it was made; now if not given";
  if (column == "made_by") return "Who wrote it; the key's id if not given";
  if (column == "channel") return "How it came: " + EnumChoices(v1::Channel_descriptor());
  if (column == "reason") return "Why";
  if (column == "note") return "Anything else";
  if (column == "expires_at") return "From when on it no longer counts; never if not given";
  if (column == "ebr_kind") return "EBR: what made it: " + EnumChoices(v1::EbrKind_descriptor());
  if (column == "last_event_at") return "EBR: date of the last transaction or inquiry";
  return "Consent: where it was given, for the proof";
}

}  // namespace

std::vector<FactOption> RecordFacts::Options() {
  std::vector<FactOption> options;
  for (const std::string& column : RecordColumns()) {
    if (column == "number") continue;
    std::string name = "--" + column;
    std::replace(name.begin(), name.end(), '_', '-');
    options.push_back({std::move(name), Help(column), &texts_[column]});
  }
  return options;
}

absl::Status RecordFacts::Apply(v1::Record* record) const {
  for (const auto& [column, text] : texts_) {
    if (auto status = SetField(column, text, record); !status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string BlockOf(std::string_view text) {
  std::string digits;
  size_t placeholders = 0;
  bool star = false;
  for (const char c : text) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(c))) {
      if (placeholders > 0) return "";
      digits += c;
    } else if (c == '*' || c == 'x' || c == 'X' || c == '#' || c == '?' || c == '%') {
      star = star || c == '*' || c == '%';
      ++placeholders;
    } else if (std::string_view(" .-()+/").find(c) == std::string_view::npos) {
      return "";
    }
  }
  if (digits.size() > 3 && digits.size() != 6 && digits.front() == '1') digits.erase(0, 1);
  const bool whole =
      placeholders == 0 || placeholders + digits.size() == 10 || (star && placeholders == 1);
  const bool block = digits.size() == 3 || digits.size() == 6;
  return block && whole && digits.front() >= '2' ? digits : "";
}

std::string WhyNoBlockHere(const std::string& block, const std::string& list) {
  return fmt::format(
      "it is no number of ten digits; if it stands for {} {}, block all of its numbers with: "
      "dncctl lists block {} --list {}",
      block.size() == 3 ? "the whole area code" : "the whole exchange", block, block,
      Printable(list));
}

}  // namespace dnc::cli
