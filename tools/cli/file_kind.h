// Tells from its first bytes what a file is that is no table of text.
#pragma once

#include <string>
#include <string_view>

namespace dnc::cli {

// So many bytes from the start tell the kind.
inline constexpr size_t kFileKindBytes = 512;

// How a file is packed that can be unpacked while it is read.
enum class Packing { kNone, kGzip, kZip };

// Judges by the file's start. A workbook or another document counts as not packed, although it is a
// zip archive.
Packing PackingOf(std::string_view start);

// Returns what the file is and what to do with it, for an error message: "is an Excel workbook
// (.xlsx); save it as CSV". Empty for what may be a table of text.
std::string WhyNoTable(std::string_view start);

}  // namespace dnc::cli
