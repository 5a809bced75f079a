#include "server/numbers/number_lines.h"

#include <algorithm>

#include "server/numbers/phone_number.h"

namespace dnc {

bool HoldsNumberLines(std::string_view cell, char delimiter) {
  constexpr std::string_view kLineEnds = "\n\r";
  constexpr std::string_view kEnds = "\n\r\"";
  size_t at = cell.find_first_of(kLineEnds);
  while (at < cell.size()) {
    const size_t begin = at + 1;
    at = std::min(cell.find(delimiter, begin), cell.find_first_of(kEnds, begin));
    if (ParseNumber(cell.substr(begin, at - begin)).ok) return true;
  }
  return false;
}

}  // namespace dnc
