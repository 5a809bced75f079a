#include "tools/cli/table_columns.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "server/numbers/phone_number.h"
#include "tools/cli/terminal.h"

namespace dnc::cli {
namespace {

constexpr size_t kShownHeadings = 20;

template <typename Predicate>
std::vector<size_t> Places(const std::vector<std::string>& names, Predicate matches) {
  std::vector<size_t> found;
  for (size_t i = 0; i < names.size(); ++i) {
    if (matches(names[i])) found.push_back(i);
  }
  return found;
}

bool IsUsual(const std::string& name) {
  std::string folded = FoldedHeading(name);
  std::replace(folded.begin(), folded.end(), ' ', '_');
  return folded == "phone" || folded == "phone_number" || folded == "number" ||
         folded == "telephone";
}

absl::StatusOr<size_t> ByPlace(const std::vector<std::string>& first, uint32_t place) {
  if (place >= 1 && place <= first.size()) return place - 1;
  return absl::InvalidArgumentError(
      fmt::format("there is no column {}; the columns are 1 to {}: {}", place, first.size(),
                  ShownHeadings(first)));
}

// Returns what to write on the command line for a table without a heading.
std::string PlacesOfNumbers(const std::vector<std::string>& first) {
  const auto found = Places(first, HoldsNumber);
  if (found.empty()) return "--column-number N";
  std::string options;
  for (const size_t place : found) {
    options += fmt::format("{}--column-number {}", options.empty() ? "" : " or ", place + 1);
  }
  return options;
}

absl::StatusOr<std::vector<size_t>> FindChosen(const std::vector<std::string>& first, bool heading,
                                               const ColumnChoice& choice) {
  std::vector<size_t> found;
  const auto take = [&found](const absl::StatusOr<size_t>& place) {
    if (!place.ok()) return place.status();
    if (absl::c_linear_search(found, *place)) {
      return absl::InvalidArgumentError(fmt::format("column {} is named twice", *place + 1));
    }
    found.push_back(*place);
    return absl::OkStatus();
  };
  for (const std::string& column : choice.columns) {
    if (auto status = take(FindColumn(first, heading, column)); !status.ok()) return status;
  }
  for (const uint32_t place : choice.numbers) {
    if (auto status = take(ByPlace(first, place)); !status.ok()) return status;
  }
  return found;
}

absl::StatusOr<std::vector<size_t>> FindUsual(const std::vector<std::string>& first, bool heading,
                                              const std::vector<size_t>& taken) {
  std::vector<size_t> candidates;
  for (size_t i = 0; i < first.size(); ++i) {
    if (!absl::c_linear_search(taken, i)) candidates.push_back(i);
  }
  if (candidates.size() == 1 && first.size() == 1) return candidates;
  if (!heading) {
    return absl::InvalidArgumentError(fmt::format(
        "the first line holds a number, so it is no heading; tell which column holds the numbers: "
        "{}",
        PlacesOfNumbers(first)));
  }
  candidates.erase(std::remove_if(candidates.begin(), candidates.end(),
                                  [&](size_t place) { return !IsUsual(first[place]); }),
                   candidates.end());
  if (candidates.size() == 1) return candidates;
  return absl::InvalidArgumentError(fmt::format(
      "which column holds the numbers? Name it with --column. Headings: {}", ShownHeadings(first)));
}

}  // namespace

void ColumnChoice::AddOptions(CLI::App* command) {
  command
      ->add_option("--column", columns,
                   "Heading of the column with the numbers, or its place; if not given: the only "
                   "column, or one named phone, phone_number, number or telephone")
      ->allow_extra_args(false);
  command
      ->add_option("--column-number", numbers,
                   "The same by its place, from 1: with or without a "
                   "heading")
      ->check(CLI::PositiveNumber)
      ->allow_extra_args(false);
  command->add_option("--area-code", area_code,
                      "Heading or place of the column with the area codes, if they stand apart");
  command->add_flag("--no-heading", no_heading,
                    "The first line is a row. A line with a phone number is one in any case");
}

std::string FoldedHeading(const std::string& name) {
  std::string folded(absl::StripAsciiWhitespace(name));
  absl::AsciiStrToLower(&folded);
  return folded;
}

bool HoldsNumber(const std::string& cell) {
  if (ParseNumber(cell).ok) return true;
  size_t digits = 0;
  for (const char c : cell) digits += absl::ascii_isdigit(static_cast<unsigned char>(c)) ? 1U : 0U;
  return digits >= 10;
}

std::string ShownHeadings(const std::vector<std::string>& first) {
  std::string shown;
  for (size_t i = 0; i < std::min(first.size(), kShownHeadings); ++i) {
    shown += (i == 0 ? "" : ", ") + Printable(first[i]);
  }
  return first.size() > kShownHeadings ? shown + ", ..." : shown;
}

absl::StatusOr<size_t> FindColumn(const std::vector<std::string>& first, bool heading,
                                  const std::string& reference) {
  if (heading) {
    auto found = Places(first, [&](const std::string& name) { return name == reference; });
    if (found.empty()) {
      found = Places(first, [&](const std::string& name) {
        return FoldedHeading(name) == FoldedHeading(reference);
      });
    }
    if (found.size() == 1) return found.front();
    if (found.size() > 1) {
      return absl::InvalidArgumentError(
          fmt::format("more than one column '{}'; name it by its place, from 1. Headings: {}",
                      Printable(reference), ShownHeadings(first)));
    }
  }
  uint32_t place = 0;
  if (absl::SimpleAtoi(reference, &place) && place >= 1 && place <= first.size()) return place - 1;
  if (heading) {
    return absl::InvalidArgumentError(fmt::format("there is no column '{}'. Headings: {}",
                                                  Printable(reference), ShownHeadings(first)));
  }
  return absl::InvalidArgumentError(fmt::format(
      "there is no column '{}': the first line is no heading. Name the column by its place: {}",
      Printable(reference), PlacesOfNumbers(first)));
}

absl::StatusOr<TableColumns> FindColumns(const std::vector<std::string>& first,
                                         const ColumnChoice& choice,
                                         const std::vector<size_t>& taken) {
  TableColumns found;
  found.heading = !choice.no_heading && std::none_of(first.begin(), first.end(), HoldsNumber);
  const bool chosen = !choice.columns.empty() || !choice.numbers.empty();
  auto numbers =
      chosen ? FindChosen(first, found.heading, choice) : FindUsual(first, found.heading, taken);
  if (!numbers.ok()) return numbers.status();
  found.numbers = *std::move(numbers);
  // A number that is too badly written to be read must not be skipped as a heading.
  const bool only_digits =
      std::all_of(found.numbers.begin(), found.numbers.end(), [&first](size_t place) {
        return std::none_of(first[place].begin(), first[place].end(), [](char c) {
          return absl::ascii_isalpha(static_cast<unsigned char>(c)) ||
                 (static_cast<unsigned char>(c) & 0x80U) != 0;
        });
      });
  if (only_digits && choice.columns.empty()) found.heading = false;
  if (choice.area_code.empty()) return found;
  const auto area_code = FindColumn(first, found.heading, choice.area_code);
  if (!area_code.ok()) return area_code.status();
  found.area_code = *area_code;
  return found;
}

std::string JoinedNumber(const std::string& area_code, const std::string& number) {
  const ParsedNumber whole = ParseNumber(number);
  const ParsedNumber joined = ParseNumber(area_code + number);
  // The number may include its area code all the same; but if that differs from the one in its own
  // cell, neither is right.
  if (!joined.ok && whole.ok) {
    std::string digits = area_code;
    digits.erase(std::remove_if(digits.begin(), digits.end(),
                                [](unsigned char c) { return !absl::ascii_isdigit(c); }),
                 digits.end());
    const std::string own = std::to_string(AreaCodeOf(whole.number));
    if (digits.empty() || digits == own) return number;
  }
  return area_code + number;
}

}  // namespace dnc::cli
