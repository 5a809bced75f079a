// Rows of a CSV file that stray quotes have made part of one cell.
#pragma once

#include <string_view>

namespace dnc {

// Returns whether a cell of several lines has a phone number between delimiters, line ends or
// quotes, except at its very beginning: then it seems to hold rows of its own, and whoever takes it
// for text loses them.
bool HoldsNumberLines(std::string_view cell, char delimiter);

}  // namespace dnc
