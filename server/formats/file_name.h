// What a file's name tells beyond its date and label (see ParseFileName in registry_file.h).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/formats/registry_file.h"

namespace dnc {

// The name without its folders, in lower case.
std::string LowerBaseName(std::string_view name);

// True if the name ends with .zip, in any case.
bool IsZipName(std::string_view name);

// The kind that `text` speaks of: `change` or `delta`, or `full`; unknown if it speaks of none or
// of both.
FileKind KindInWords(std::string_view text);

// BAD_FILE if `text` (`what` names it: "the name") speaks of the other kind than `kind`.
absl::Status CheckKindWords(std::string_view what, std::string_view text, FileKind kind);

// BAD_FILE if the name speaks of another kind (`change`, `delta`, `full`) or format (`.xml`,
// `.txt`) than the content is.
absl::Status CheckNameAgainstContent(std::string_view name, FileKind kind, FileFormat format);

}  // namespace dnc
