#include "server/formats/file_name.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/time/civil_time.h"
#include "server/base/status_macros.h"
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

constexpr size_t kGuidLength = 36;

bool IsGuid(std::string_view text) {
  if (text.size() != kGuidLength) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? byte != '-' : !absl::ascii_isxdigit(byte)) return false;
  }
  return true;
}

// Returns the label of `LABEL_GUID` or `LABEL_anything`. Without a GUID the label ends at the first
// underscore.
std::string_view LabelOf(std::string_view rest) {
  const size_t last = rest.rfind('_');
  if (last == std::string_view::npos) return rest;
  if (IsGuid(rest.substr(last + 1, kGuidLength))) return rest.substr(0, last);
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

// The date that `text` starts with, `2026-8-5`, which TakeDate removes from its front. It may be an
// impossible date, which has no time; without any date TakeDate returns nullopt.
struct TakenDate {
  std::optional<absl::Time> time;
};
std::optional<TakenDate> TakeDate(std::string_view& text) {
  std::string_view rest = text;
  const std::optional<int> year = TakeDigits(rest, 4, 4);
  if (!year.has_value() || !TakeChar(rest, '-')) return std::nullopt;
  const std::optional<int> month = TakeDigits(rest, 1, 2);
  if (!month.has_value() || !TakeChar(rest, '-')) return std::nullopt;
  const std::optional<int> day = TakeDigits(rest, 1, 2);
  if (!day.has_value()) return std::nullopt;
  text = rest;
  return TakenDate{DateOf(*year, *month, *day)};
}

// Returns the oldest date anywhere in the text.
std::optional<absl::Time> OldestDate(std::string_view text) {
  std::optional<absl::Time> oldest;
  bool inside = false;  // inside a word or a number
  while (!text.empty()) {
    const bool word = absl::ascii_isalnum(static_cast<unsigned char>(text.front()));
    std::string_view rest = text;
    const std::optional<TakenDate> date = inside ? std::nullopt : TakeDate(rest);
    const bool ends =
        rest.empty() || !absl::ascii_isalnum(static_cast<unsigned char>(rest.front()));
    if (date.has_value() && date->time.has_value() && ends) {
      oldest = std::min(oldest.value_or(*date->time), *date->time);
    }
    inside = word;
    text.remove_prefix(1);
  }
  return oldest;
}

// Words about lists that people join with the word that names the kind.
constexpr std::array<std::string_view, 23> kListWords = {
    "call", "csv",  "daily",    "data", "dnc",    "do",   "download", "dump",
    "file", "ftc",  "list",     "load", "my",     "new",  "national", "not",
    "only", "area", "registry", "set",  "update", "code", "number"};
constexpr size_t kLongestRun = 64;  // letters that people may write as one word

// Returns whether `run` consists only of these words, each with or without an `s` at its end.
bool IsOfListWords(std::string_view run) {  // NOLINT(misc-no-recursion): it is short
  if (run.empty()) return true;
  for (const std::string_view word : kListWords) {
    if (!run.starts_with(word)) continue;
    const std::string_view rest = run.substr(word.size());
    if (IsOfListWords(rest) || (rest.starts_with('s') && IsOfListWords(rest.substr(1)))) {
      return true;
    }
  }
  return false;
}

// Returns the kind that a run of letters names: by a word in it that only words of lists accompany.
FileKind KindOfRun(std::string_view run) {
  struct Word {
    std::string_view text;
    FileKind kind;
  };
  static constexpr std::array<Word, 6> kWords = {{{"changes", FileKind::kChange},
                                                  {"changed", FileKind::kChange},
                                                  {"change", FileKind::kChange},
                                                  {"deltas", FileKind::kChange},
                                                  {"delta", FileKind::kChange},
                                                  {"full", FileKind::kFull}}};
  if (run.size() > kLongestRun) return FileKind::kUnknown;
  for (const Word& word : kWords) {
    for (size_t at = run.find(word.text); at != std::string_view::npos;
         at = run.find(word.text, at + 1)) {
      if (IsOfListWords(run.substr(0, at)) && IsOfListWords(run.substr(at + word.text.size()))) {
        return word.kind;
      }
    }
  }
  return FileKind::kUnknown;
}

// Returns a label as a message may show it.
std::string LabelText(const FileNameFacts& facts) {
  return facts.area_code.has_value() ? facts.label : SafeText(facts.label);
}

// Adds to `facts` what another name of the same file tells.
absl::Status AddName(const FileNameFacts& other, FileNameFacts& facts) {
  if (other.date.has_value()) facts.date = std::min(facts.date.value_or(*other.date), *other.date);
  if (other.label.empty()) return absl::OkStatus();
  const bool both = facts.area_code.has_value() == other.area_code.has_value();
  if (!facts.label.empty() && both &&
      !absl::EqualsIgnoreCase(ToAbsl(facts.label), ToAbsl(other.label))) {
    return BadFile(StrCat("the archive's name has the label ", LabelText(facts),
                          ", but its member's name has ", LabelText(other),
                          ". Find out which it is, and rename the archive as its member"));
  }
  if (facts.label.empty() || other.area_code.has_value()) {
    facts.label = other.label;
    facts.area_code = other.area_code;
  }
  return absl::OkStatus();
}

}  // namespace

FileNameFacts ParseFileName(std::string_view name) {
  FileNameFacts facts;
  std::string_view rest = BaseName(name);
  const std::optional<TakenDate> date = TakeDate(rest);
  if (!date.has_value()) return facts;
  if (!rest.empty() && rest.front() != '_' && rest.front() != '.') return facts;
  facts.date = date->time;
  if (facts.date.has_value())
    facts.date = std::min(*facts.date, OldestDate(rest).value_or(*facts.date));
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
  bool says_change = false;
  bool says_full = false;
  for (size_t at = 0; at < lower.size();) {
    size_t end = at;
    while (end < lower.size() && absl::ascii_isalpha(static_cast<unsigned char>(lower[end]))) ++end;
    const std::string_view run = std::string_view(lower).substr(at, end - at);
    at = end + 1;
    const FileKind kind = KindOfRun(run);
    says_change = says_change || kind == FileKind::kChange;
    says_full = says_full || kind == FileKind::kFull;
  }
  if (says_change == says_full) return FileKind::kUnknown;
  return says_change ? FileKind::kChange : FileKind::kFull;
}

FileKind KindInLetters(std::string_view text) {
  // These words only look as if they named a kind.
  const std::string lower =
      absl::StrReplaceAll(absl::AsciiStrToLower(ToAbsl(text)), {{"exchange", " "},
                                                                {"interchange", " "},
                                                                {"unchange", " "},
                                                                {"fuller", " "},
                                                                {"fully", " "}});
  const bool may_change = absl::StrContains(lower, "change") || absl::StrContains(lower, "delta");
  const bool may_full = absl::StrContains(lower, "full");
  if (may_change == may_full) return FileKind::kUnknown;
  return may_change ? FileKind::kChange : FileKind::kFull;
}

namespace {

absl::Status CheckKind(std::string_view what, FileKind said, FileKind kind) {
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

}  // namespace

absl::Status CheckKindWords(std::string_view what, std::string_view text, FileKind kind) {
  return CheckKind(what, KindInLetters(text), kind);
}

absl::Status CheckNameAgainstContent(std::string_view what, std::string_view name, FileKind kind,
                                     FileFormat format) {
  std::string_view base = name;
  if (IsZipName(base)) base.remove_suffix(4);
  const bool is_xml = format == FileFormat::kXml;
  if (base.ends_with(".xml") && !is_xml) {
    return BadFile(StrCat(what,
                          " ends with .xml, but the content is not XML. Download the file again, "
                          "or rename it if its name is wrong"));
  }
  if ((base.ends_with(".txt") || base.ends_with(".csv")) && is_xml) {
    return BadFile(StrCat(what,
                          " is that of a text file, but the content is XML. Download the file "
                          "again, or rename it if its name is wrong"));
  }
  const std::string_view file = BaseName(base);
  DNC_RETURN_IF_ERROR(CheckKindWords(what, file, kind));
  return CheckKind(what, KindInWords(base.substr(0, base.size() - file.size())), kind);
}

absl::StatusOr<FileNameFacts> NameFactsOf(std::string_view name, std::string_view member) {
  FileNameFacts facts = ParseFileName(name);
  if (member.empty()) return facts;
  for (std::string_view rest = member; !rest.empty();) {
    const size_t slash = std::min(rest.find_first_of("/\\"), rest.size());
    DNC_RETURN_IF_ERROR(AddName(ParseFileName(rest.substr(0, slash)), facts));
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
  // A date anywhere in the member's name makes the data older, but only if one of the names has its
  // date where the FTC writes it.
  if (facts.date.has_value()) {
    facts.date = std::min(*facts.date, OldestDate(member).value_or(*facts.date));
  }
  return facts;
}

constexpr size_t kPortedWord = 8;  // the length of both words

PortedDirection DirectionOf(std::string_view name) {
  std::string folded;
  const std::string unescaped = absl::StrReplaceAll(ToAbsl(name), {{"%20", " "}});
  for (const char c : unescaped) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte)) folded.push_back(absl::ascii_tolower(byte));
  }
  folded = absl::StrReplaceAll(folded, {{"landline", "wireline"}});
  folded = absl::StrReplaceAll(folded, {{"2wire", "towire"}});
  const bool to_wireless = absl::StrContains(folded, "wirelinetowireless");
  const bool to_wireline = absl::StrContains(folded, "wirelesstowireline");
  if (to_wireless && to_wireline) return PortedDirection::kBoth;
  if (to_wireless) return PortedDirection::kToWireless;
  if (to_wireline) return PortedDirection::kToWireline;
  const size_t wireless = folded.find("wireless");
  const size_t wireline = folded.find("wireline");
  if (wireless == wireline) return PortedDirection::kUntold;
  const size_t first = std::min(wireless, wireline);
  const size_t last = std::max(wireless, wireline);
  if (last == std::string::npos) {  // only one of them is named
    return first == wireless ? PortedDirection::kToWireless : PortedDirection::kToWireline;
  }
  // The direction is from the first to the last, unless another word stands between them.
  const std::string between = folded.substr(first + kPortedWord, last - first - kPortedWord);
  if (!between.empty() && between != "into" && between != "2") return PortedDirection::kUntold;
  return last == wireless ? PortedDirection::kToWireless : PortedDirection::kToWireline;
}

bool NamesNoPart(std::string_view name) {
  static constexpr std::array<std::string_view, 22> kWords = {
      "all",      "call", "change", "changes", "daily", "delta",    "dnc", "do",
      "download", "file", "ftc",    "list",    "lists", "national", "not", "registry",
      "txt",      "us",   "usa",    "zip",     "csv",   "xml"};
  std::string rest = absl::AsciiStrToLower(ToAbsl(name));
  for (size_t at = 0; at + kGuidLength <= rest.size(); ++at) {
    if (IsGuid(std::string_view(rest).substr(at, kGuidLength))) rest.replace(at, kGuidLength, "-");
  }
  for (size_t at = 0; at < rest.size();) {
    size_t end = at;
    while (end < rest.size() && absl::ascii_isalnum(static_cast<unsigned char>(rest[end]))) ++end;
    const std::string_view word = std::string_view(rest).substr(at, end - at);
    at = end + 1;
    // These may be days, months, years, whole dates, or the number of a copy; but three digits are
    // an area code.
    const bool digits = std::all_of(word.begin(), word.end(), [](char c) {
      return absl::ascii_isdigit(static_cast<unsigned char>(c));
    });
    const bool date = digits && word.size() != 3;
    if (!date && word.size() != 1 && std::find(kWords.begin(), kWords.end(), word) == kWords.end())
      return false;
  }
  return true;
}

}  // namespace dnc
