// What a file's name tells beyond its date and label (see ParseFileName in registry_file.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/formats/registry_file.h"

namespace dnc {

// The name without its folders, in lower case.
std::string LowerBaseName(std::string_view name);

// True if the name ends with .zip, in any case.
bool IsZipName(std::string_view name);

// The kind that the words of `text` surely speak of: `change` or `delta`, or `full`, also with a
// word of lists in the same run of letters (`changelist`, `dncdelta`); unknown if they speak of
// none or of both.
FileKind KindInWords(std::string_view text);

// The kind that `text` may speak of: as KindInWords, but in whatever word; not in `exchange`,
// `fully` and the like.
FileKind KindInLetters(std::string_view text);

// BAD_FILE if `text` (`what` names it: "the name") may speak of the other kind than `kind`.
absl::Status CheckKindWords(std::string_view what, std::string_view text, FileKind kind);

// BAD_FILE if the name, in lower case, may speak of another kind (`change`, `delta`, `full`) or
// format (`.xml`, `.txt`) than the content is. Its folders, if it has some, speak by whole words
// alone: `exchange/` is no change list. `what` names it: "the name".
absl::Status CheckNameAgainstContent(std::string_view what, std::string_view name, FileKind kind,
                                     FileFormat format);

// What a file's name and that of its member tell, if it is an archive (`member` with its folders,
// else empty): of two dates the older counts, of two labels the area code. BAD_FILE if the labels
// contradict each other.
absl::StatusOr<FileNameFacts> NameFactsOf(std::string_view name, std::string_view member);

// Which way the numbers of a file went, by its name.
enum class PortedDirection : uint8_t { kUntold, kToWireless, kToWireline, kBoth };

// iconectiv's `WIRELINE-TO-WIRELESS-NORANGE.TXT` in any writing: without regard to case and to
// what stands between the words. A name with one of the words alone tells of that list: `wireline`.
PortedDirection DirectionOf(std::string_view name);

// Returns whether the name of a change list has only words that speak of no part of the registry:
// dates, a GUID, `changes`, `national` and the like. One that is not known may be a state's or an
// area code.
bool NamesNoPart(std::string_view name);

}  // namespace dnc
