// Finds rows of a CSV file that stray quotes have merged into one cell.
#pragma once

#include <string_view>

namespace dnc {

// Returns whether a cell of several lines has a phone number between delimiters, line ends or
// quotes anywhere but at its very beginning. Such a cell seems to hold rows of its own, and a
// reader that takes it for text loses them.
bool HoldsNumberLines(std::string_view cell, char delimiter);

}  // namespace dnc
