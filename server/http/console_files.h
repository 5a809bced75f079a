// The files of the console, which the build makes part of the program (web/console).
#pragma once

#include <string_view>

#include "absl/types/span.h"

namespace dnc {

struct ConsoleFile {
  std::string_view name;  // below web/console: `app.js`
  std::string_view bytes;
};

// In no order that means anything.
absl::Span<const ConsoleFile> ConsoleFiles();

}  // namespace dnc
