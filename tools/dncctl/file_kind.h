// What a file is that is no table of text, by its first bytes.
#pragma once

#include <string>
#include <string_view>

namespace dnc::ctl {

// As many bytes of the start tell it.
inline constexpr size_t kFileKindBytes = 512;

// What the file is and what to do with it, for an error message: "is an Excel workbook (.xlsx);
// save it as CSV". Empty for what may be a table of text.
std::string WhyNoTable(std::string_view start);

}  // namespace dnc::ctl
