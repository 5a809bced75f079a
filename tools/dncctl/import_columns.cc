#include "tools/dncctl/import_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_split.h"
#include "tools/cli/input_file.h"
#include "tools/cli/terminal.h"
#include "tools/dncctl/record_csv.h"

namespace dnc::cli {
namespace {

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Returns whether a column belongs to an export's rows without a number.
bool IsExportColumn(const std::string& name) {
  return name == kBlockColumn || name == kListKindColumn || name == kListScopeColumn ||
         name == kListNameColumn;
}

// Turns "Made At" into made_at.
std::string Normalized(const std::string& name) {
  std::string normalized = FoldedHeading(name);
  std::replace_if(
      normalized.begin(), normalized.end(), [](char c) { return c == ' ' || c == '-'; }, '_');
  return normalized;
}

bool IsFact(const std::string& name) {
  return name == kListIdColumn || IsExportColumn(name) ||
         (name != "number" && Contains(RecordColumns(), name));
}

// Returns whether a heading may name an end: "Valid Until", "exp_end".
bool MayBeEnd(const std::string& normalized) {
  constexpr std::array<const char*, 4> kParts = {"expir", "end", "until", "valid"};
  return std::any_of(kParts.begin(), kParts.end(), [&normalized](const char* part) {
    return normalized.find(part) != std::string::npos;
  });
}

bool IsLeftOut(const std::string& name) {
  return name == "-" || name == kRefusedLine || name == kRefusedBecause || name == kKeptLine ||
         name == kKeptBecause;
}

// Finds what each column means, step by step: by the options, then the number, then the other
// facts.
class Finder {
 public:
  Finder(const std::vector<std::string>& first, const ImportFormat& format)
      : first_(first), format_(format) {
    found_.heading = !format.numbers.no_heading && format.columns.empty() &&
                     std::none_of(first.begin(), first.end(), HoldsNumber);
    found_.meanings.resize(first.size());
    known_.resize(first.size());
  }

  absl::StatusOr<ImportColumns> Find() {
    for (const auto step :
         {&Finder::TakeMapped, &Finder::TakeIgnored, &Finder::TakeNumber, &Finder::TakeOthers}) {
      if (auto status = (this->*step)(); !status.ok()) return status;
    }
    return std::move(found_);
  }

  // Finds the columns as --columns says.
  absl::StatusOr<ImportColumns> FindNamed() {
    found_.meanings.clear();
    for (const std::string& name : format_.columns) {
      const std::string normalized = Normalized(name);
      if (IsLeftOut(name)) {
        found_.meanings.emplace_back();
        continue;
      }
      const bool number = normalized == "number" || Contains(format_.numbers.columns, name);
      if (!number && !IsFact(normalized)) {
        return absl::InvalidArgumentError(
            fmt::format("--columns: '{}' is no fact of a record ({}); - leaves a column out",
                        Printable(name), fmt::join(RecordColumns(), ", ")));
      }
      if (auto status = CheckNew(number ? "number" : normalized); !status.ok()) return status;
      found_.meanings.push_back(number ? "number" : normalized);
    }
    if (Contains(found_.meanings, "number")) return std::move(found_);
    return absl::InvalidArgumentError("--columns: none is `number`");
  }

 private:
  absl::Status CheckNew(const std::string& meaning) const {
    if (!Contains(found_.meanings, meaning)) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format("two columns hold '{}'", meaning));
  }

  absl::Status Take(size_t place, const std::string& meaning) {
    if (known_[place]) {
      return absl::InvalidArgumentError(
          fmt::format("the options say two things of column {}", place + 1));
    }
    if (auto status = CheckNew(meaning); !status.ok()) return status;
    found_.meanings[place] = meaning;
    known_[place] = true;
    return absl::OkStatus();
  }

  absl::Status TakeMapped() {
    for (const std::string& map : format_.mapped) {
      const size_t equals = map.rfind('=');
      const std::string fact =
          equals == std::string::npos ? "" : Normalized(map.substr(equals + 1));
      if (fact != "number" && !IsFact(fact)) {
        return absl::InvalidArgumentError(
            fmt::format("--map {}: write HEADING=FACT, where FACT is one of {}", Printable(map),
                        fmt::join(RecordColumns(), ", ")));
      }
      const auto place = FindColumn(first_, found_.heading, map.substr(0, equals));
      if (!place.ok()) return place.status();
      if (auto status = Take(*place, fact); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // A heading may have commas. What no column is called is ignored in any case.
  absl::Status TakeIgnored() {
    for (const std::string& ignored : format_.ignored) {
      std::vector<std::string> names = {ignored};
      if (!FindColumn(first_, found_.heading, ignored).ok()) {
        names = absl::StrSplit(ignored, ',');
      }
      for (const std::string& name : names) {
        for (size_t i = 0; i < first_.size(); ++i) {
          const auto place = FindColumn(first_, found_.heading, name);
          const bool same = found_.heading && first_[i] == name;
          if (same || (place.ok() && *place == i)) known_[i] = true;
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status TakeNumber() {
    if (Contains(found_.meanings, "number")) return absl::OkStatus();
    std::vector<size_t> taken;
    for (size_t i = 0; i < first_.size(); ++i) {
      const bool fact = found_.heading && IsFact(Normalized(first_[i]));
      if (known_[i] || fact || (found_.heading && IsLeftOut(first_[i]))) taken.push_back(i);
    }
    const auto numbers = FindColumns(first_, format_.numbers, taken);
    if (!numbers.ok()) return numbers.status();
    if (numbers->numbers.size() != 1) {
      return absl::InvalidArgumentError(
          "an import reads the numbers of one column; import the file once for each");
    }
    // A heading that is itself a number, although an option names it, is data.
    found_.heading = numbers->heading;
    if (auto status = Take(numbers->numbers.front(), "number"); !status.ok()) return status;
    if (!numbers->area_code.has_value()) return absl::OkStatus();
    return Take(*numbers->area_code, kAreaCodeColumn);
  }

  absl::Status TakeOthers() {
    std::vector<std::string> unknown;
    for (size_t i = 0; i < first_.size(); ++i) {
      if (known_[i]) continue;
      const std::string normalized = Normalized(first_[i]);
      if (found_.heading && IsLeftOut(first_[i])) continue;
      if (found_.heading && normalized.empty()) {  // spreadsheets end a table with such columns
        found_.left_out.push_back(std::to_string(i + 1));
        continue;
      }
      if (found_.heading && IsFact(normalized)) {
        if (auto status = Take(i, normalized); !status.ok()) return status;
      } else if (found_.heading && format_.ignore_others && format_.needs_ends &&
                 MayBeEnd(normalized)) {
        return absl::InvalidArgumentError(fmt::format(
            "'{0}' may be an end, without which an exemption would hold for ever; tell what it is "
            "with --map HEADING=expires_at, or leave it out with --ignore, by its name",
            Printable(first_[i])));
      } else if (found_.heading && !format_.ignore_others) {
        if (normalized == "number") return CheckNew("number");
        unknown.push_back("'" + Printable(first_[i]) + "'");
      } else {
        found_.left_out.push_back(found_.heading ? first_[i] : std::to_string(i + 1));
      }
    }
    if (unknown.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format(
        "{} {} no fact of a record ({}); leave {} out with --ignore HEADING or --ignore-others, or "
        "tell what it is with --map HEADING=FACT",
        fmt::join(unknown, ", "), unknown.size() == 1 ? "is" : "are",
        fmt::join(RecordColumns(), ", "), unknown.size() == 1 ? "it" : "them"));
  }

  const std::vector<std::string>& first_;
  const ImportFormat& format_;
  ImportColumns found_;
  std::vector<bool> known_;  // an option names it, or its meaning is found
};

}  // namespace

std::string ListNamed(std::string_view cell) {
  return IsSurelyNothing(cell) ? "" : std::string(cell);
}

size_t PlaceOf(const ImportColumns& columns, const std::string& meaning) {
  const auto& meanings = columns.meanings;
  const auto found = std::find(meanings.begin(), meanings.end(), meaning);
  return found == meanings.end() ? kNowhere : static_cast<size_t>(found - meanings.begin());
}

absl::StatusOr<ImportColumns> FindImportColumns(const std::vector<std::string>& first,
                                                const ImportFormat& format) {
  const bool again = first.size() > 2 && (first[0] == kRefusedLine || first[0] == kKeptLine);
  if (again) {
    auto found = FindImportColumns({first.begin() + 2, first.end()}, format);
    if (!found.ok()) return found;
    found->heading = true;
    found->meanings.insert(found->meanings.begin(), 2, "");
    return found;
  }
  Finder finder(first, format);
  return format.columns.empty() ? finder.Find() : finder.FindNamed();
}

}  // namespace dnc::cli
