#include "server/formats/file_name.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/time/civil_time.h"
#include "server/base/str_cat.h"
#include "server/formats/bad_file.h"

namespace dnc {
namespace {

std::string_view BaseName(std::string_view name) {
  const size_t slash = name.find_last_of("/\\");
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

// Takes `least` to `most` digits from the front of `text`.
std::optional<int> TakeDigits(std::string_view& text, size_t least, size_t most) {
  size_t count = 0;
  int value = 0;
  while (count < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[count]))) {
    if (++count > most) return std::nullopt;
    value = value * 10 + (text[count - 1] - '0');
  }
  if (count < least) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool IsGuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? byte != '-' : !absl::ascii_isxdigit(byte)) return false;
  }
  return true;
}

// The label of `LABEL_GUID` or `LABEL_anything`; without a GUID it ends at the first underscore.
std::string_view LabelOf(std::string_view rest) {
  const size_t last = rest.rfind('_');
  if (last == std::string_view::npos) return rest;
  if (IsGuid(rest.substr(last + 1, 36))) return rest.substr(0, last);
  return rest.substr(0, rest.find('_'));
}

std::optional<int> AreaCodeFromLabel(std::string_view label) {
  if (label.size() != 3) return std::nullopt;
  const std::optional<int> value = TakeDigits(label, 3, 3);
  return value.has_value() && IsAreaCode(*value) ? value : std::nullopt;
}

std::optional<absl::Time> DateOf(int year, int month, int day) {
  const absl::CivilDay date(year, month, day);
  const bool possible = date.year() == year && date.month() == month && date.day() == day;
  if (!possible || year == 0) return std::nullopt;
  return absl::FromCivil(date, absl::UTCTimeZone());
}

}  // namespace

FileNameFacts ParseFileName(std::string_view name) {
  FileNameFacts facts;
  std::string_view rest = BaseName(name);
  const std::optional<int> year = TakeDigits(rest, 4, 4);
  if (!year.has_value() || !TakeChar(rest, '-')) return facts;
  const std::optional<int> month = TakeDigits(rest, 1, 2);
  if (!month.has_value() || !TakeChar(rest, '-')) return facts;
  const std::optional<int> day = TakeDigits(rest, 1, 2);
  if (!day.has_value()) return facts;
  if (!rest.empty() && rest.front() != '_' && rest.front() != '.') return facts;
  facts.date = DateOf(*year, *month, *day);
  if (!TakeChar(rest, '_')) return facts;
  facts.label = LabelOf(rest.substr(0, rest.find('.')));
  facts.area_code = AreaCodeFromLabel(facts.label);
  return facts;
}

std::string LowerBaseName(std::string_view name) {
  return absl::AsciiStrToLower(ToAbsl(BaseName(name)));
}

bool IsZipName(std::string_view name) { return absl::EndsWithIgnoreCase(ToAbsl(name), ".zip"); }

FileKind KindInWords(std::string_view text) {
  const std::string lower = absl::AsciiStrToLower(ToAbsl(text));
  const bool says_change = absl::StrContains(lower, "change") || absl::StrContains(lower, "delta");
  const bool says_full = absl::StrContains(lower, "full");
  if (says_change == says_full) return FileKind::kUnknown;
  return says_change ? FileKind::kChange : FileKind::kFull;
}

absl::Status CheckKindWords(std::string_view what, std::string_view text, FileKind kind) {
  const FileKind said = KindInWords(text);
  if (said == FileKind::kChange && kind == FileKind::kFull) {
    return BadFile(
        StrCat(what,
               " speaks of a change list, but the content is a full list; loading it as either "
               "could lose numbers. Find out which it is, and correct ",
               what, " if it is wrong"));
  }
  if (said == FileKind::kFull && kind == FileKind::kChange) {
    return BadFile(
        StrCat(what,
               " speaks of a full list, but the content is a change list. Find out which it is, "
               "and correct ",
               what, " if it is wrong"));
  }
  return absl::OkStatus();
}

absl::Status CheckNameAgainstContent(std::string_view name, FileKind kind, FileFormat format) {
  std::string base = LowerBaseName(name);
  if (IsZipName(base)) base.resize(base.size() - 4);
  const bool is_xml = format == FileFormat::kXml;
  if (base.ends_with(".xml") && !is_xml) {
    return BadFile(
        "the name ends with .xml, but the content is not XML. Download the file again, or rename "
        "it if its name is wrong");
  }
  if ((base.ends_with(".txt") || base.ends_with(".csv")) && is_xml) {
    return BadFile(
        "the name is that of a text file, but the content is XML. Download the file again, or "
        "rename it if its name is wrong");
  }
  return CheckKindWords("the name", base, kind);
}

}  // namespace dnc
