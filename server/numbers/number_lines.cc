#include "server/numbers/number_lines.h"

#include <algorithm>

#include "server/numbers/phone_number.h"

namespace dnc {

bool HoldsNumberLines(std::string_view cell, char delimiter) {
  if (cell.find_first_of("\n\r") == std::string_view::npos) return false;
  const auto end_from = [&](size_t begin) {
    return std::min(cell.find(delimiter, begin), cell.find_first_of("\n\r\"", begin));
  };
  size_t at = end_from(cell.empty() || cell.front() != '"' ? 0 : 1);
  while (at < cell.size()) {
    const size_t begin = at + 1;
    at = end_from(begin);
    if (ParseNumber(cell.substr(begin, at - begin)).ok) return true;
  }
  return false;
}

}  // namespace dnc
