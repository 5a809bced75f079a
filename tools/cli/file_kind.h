// What a file is that is no table of text, by its first bytes.
#pragma once

#include <string>
#include <string_view>

namespace dnc::cli {

// So many bytes of the start tell the kind.
inline constexpr size_t kFileKindBytes = 512;

// How a file is packed that can be unpacked while it is read.
enum class Packing { kNone, kGzip, kZip };

// Judges by the file's start. A workbook or another document is none, although it is a zip archive.
Packing PackingOf(std::string_view start);

// What the file is and what to do with it, for an error message: "is an Excel workbook (.xlsx);
// save it as CSV". Empty for what may be a table of text.
std::string WhyNoTable(std::string_view start);

}  // namespace dnc::cli
