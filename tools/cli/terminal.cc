#include "tools/cli/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <utility>

namespace dnc::cli {
namespace {

struct Character {
  size_t bytes;    // 1 for a byte that is not UTF-8
  char32_t value;  // the code point, if it is UTF-8
  bool valid;
};

// Returns the UTF-8 character at the start of `text`, which is not empty.
Character FirstCharacter(std::string_view text) {
  const auto byte = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {1, byte(0), true};
  const size_t length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < length) return {1, 0, false};
  char32_t value = byte(0) & (0xFFU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {1, 0, false};
    value = value << 6U | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kLeast[length] || value > 0x10FFFF || surrogate) return {1, 0, false};
  return {length, value, true};
}

// Returns whether a terminal obeys the character instead of showing it, or shows nothing.
bool IsUnsafe(char32_t c) {
  constexpr std::array<std::pair<char32_t, char32_t>, 9> kRanges = {{
      {0x00, 0x1F},        // C0: escape, line ends, bell
      {0x7F, 0x9F},        // DEL and C1
      {0xAD, 0xAD},        // soft hyphen
      {0x061C, 0x061C},    // Arabic letter mark
      {0x200B, 0x200F},    // zero-width characters; direction marks
      {0x2028, 0x202E},    // line separators; direction overrides
      {0x2060, 0x206F},    // invisible operators; isolates
      {0xFEFF, 0xFEFF},    // byte order mark
      {0xE0000, 0xE007F},  // tags
  }};
  return std::any_of(kRanges.begin(), kRanges.end(),
                     [c](const auto& range) { return range.first <= c && c <= range.second; });
}

}  // namespace

bool IsTerminal(FILE* stream) { return isatty(fileno(stream)) == 1; }

Style::Style(FILE* stream) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  colours_ = IsTerminal(stream) && (no_color == nullptr || *no_color == '\0') &&
             (term == nullptr || std::strcmp(term, "dumb") != 0);
}

std::string Style::Wrap(std::string_view code, std::string_view text) const {
  return colours_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character first = FirstCharacter(text);
    if (!first.valid) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (!IsUnsafe(first.value)) {
      out += text.substr(0, first.bytes);
    } else if (first.value < 0x80) {
      out += fmt::format("\\x{:02x}", static_cast<uint32_t>(first.value));
    } else {
      out += fmt::format("\\u{:04x}", static_cast<uint32_t>(first.value));
    }
    text.remove_prefix(first.bytes);
  }
  return out;
}

std::string WithCommas(uint64_t value) {
  std::string text = std::to_string(value);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string HumanBytes(double bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string HumanDuration(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(absl::ToInt64Seconds(duration), 0);
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 48 * 3600) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} days", seconds / 86400);
}

std::string IsoTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", ToTime(timestamp), absl::UTCTimeZone());
}

std::string FormatNumber(uint64_t number) {
  return fmt::format("{:03}-{:03}-{:04}", number / 10'000'000, number / 10'000 % 1000,
                     number % 10'000);
}

Table::Table(std::vector<std::string> headings, const std::vector<size_t>& right)
    : right_(headings.size()) {
  rows_.push_back(std::move(headings));
  for (const size_t column : right) right_[column] = true;
}

void Table::AddRow(std::vector<std::string> cells) {
  cells.resize(right_.size());
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

void Table::Print(FILE* stream) const {
  std::vector<size_t> widths(right_.size());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  const Style style(stream);
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      line += right_[i] ? fmt::format("{:>{}}", row[i], widths[i])
                        : fmt::format("{:<{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print(stream, "{}\n", &row == &rows_.front() ? style.Strong(line) : line);
  }
}

bool CanAsk() { return IsTerminal(stdin) && IsTerminal(stderr); }

bool AskYes(const std::string& question) {
  fmt::print(stderr, "{} Type yes: ", question);
  std::fflush(stderr);
  std::string answer;
  if (!std::getline(std::cin, answer)) answer.clear();
  while (!answer.empty() && (answer.back() == '\r' || answer.back() == ' ')) answer.pop_back();
  return answer == "yes";
}

bool Confirmed(bool yes, const std::string& question) {
  if (yes) return true;
  if (!CanAsk()) {
    fmt::print(stderr,
               "not confirmed: nobody can be asked here. If that is what you want, run it again "
               "with --yes\nnothing changed\n");
    return false;
  }
  if (AskYes(question)) return true;
  fmt::print(stderr, "not confirmed; nothing changed\n");
  return false;
}

}  // namespace dnc::cli
