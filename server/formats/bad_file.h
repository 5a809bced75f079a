// Makes the refusals of the readers. Their messages hold no phone number: what a file holds is
// shown only through SafeText.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"

namespace dnc {

// Makes INVALID_ARGUMENT, BAD_FILE.
inline absl::Status BadFile(std::string_view message) { return Error(reason::kBadFile, message); }
inline absl::Status BadLine(uint64_t line, std::string_view message) {
  return BadFile(StrCat("line ", line, ": ", message));
}

// Makes DATA_LOSS, DAMAGED_FILE.
inline absl::Status DamagedFile(std::string_view message) {
  return Error(reason::kDamagedFile, message);
}

// Returns `text` as a message may show it: at most 40 bytes, digits as `#`, everything but
// printable ASCII as `?`.
std::string SafeText(std::string_view text);

}  // namespace dnc
