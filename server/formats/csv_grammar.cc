#include "server/formats/csv_grammar.h"

#include <algorithm>
#include <array>

namespace dnc {

char FindDelimiter(std::string_view text, CsvLineEnds line_ends) {
  constexpr std::string_view kDelimiters = ",;\t|";
  std::array<size_t, kDelimiters.size()> counts{};
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' || (c == '\r' && line_ends == CsvLineEnds::kNewlineOrReturn)) break;
    const size_t which = kDelimiters.find(c);
    if (which != std::string_view::npos) ++counts[which];
  }
  const auto* const most = std::max_element(counts.begin(), counts.end());
  return kDelimiters[static_cast<size_t>(most - counts.begin())];
}

std::string CsvValue(std::string_view field) {
  if (field.empty() || field.front() != '"') return std::string(field);
  // The field's delimiters and line ends are within its quotes, so any delimiter will do.
  CsvGrammar grammar('\0', CsvLineEnds::kNewline);
  std::string value;
  for (const char c : field) {
    if (grammar.Take(c) == CsvByte::kText) value.push_back(c);
  }
  return value;
}

}  // namespace dnc
