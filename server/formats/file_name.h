// Finds what a file's name tells besides its date and label (see ParseFileName in registry_file.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/formats/registry_file.h"

namespace dnc {

// Returns the name without its folders, in lower case.
std::string LowerBaseName(std::string_view name);

// Returns whether the name ends with .zip, in any case.
bool IsZipName(std::string_view name);

// Returns the kind that the words of `text` definitely name: `change` or `delta`, or `full`,
// possibly joined with a word of lists (`changelist`, `dncdelta`). Returns unknown if they name
// neither or both.
FileKind KindInWords(std::string_view text);

// Returns the kind that `text` may name: like KindInWords, but inside any word, except `exchange`,
// `fully` and the like.
FileKind KindInLetters(std::string_view text);

// Fails with BAD_FILE if `text` may name another kind than `kind`. `what` is the message's word for
// the text: "the name".
absl::Status CheckKindWords(std::string_view what, std::string_view text, FileKind kind);

// Fails with BAD_FILE if the name, in lower case, may name another kind (`change`, `delta`, `full`)
// or format (`.xml`, `.txt`) than the content has. In the name's folders, only whole words count:
// `exchange/` names no change list. `what` is the message's word for it: "the name".
absl::Status CheckNameAgainstContent(std::string_view what, std::string_view name, FileKind kind,
                                     FileFormat format);

// Combines what a file's name and, if it is an archive, its member's name tell (`member` has its
// folders; empty if there is none). Of two dates the older one counts; of two labels, the area code
// does. Fails with BAD_FILE if the labels contradict each other.
absl::StatusOr<FileNameFacts> NameFactsOf(std::string_view name, std::string_view member);

// The direction in which the numbers of a file were ported, by its name.
enum class PortedDirection : uint8_t { kUntold, kToWireless, kToWireline, kBoth };

// Reads iconectiv's `WIRELINE-TO-WIRELESS-NORANGE.TXT` in any spelling, ignoring case and what
// stands between the words. A name with only one of the words names that list: `wireline`.
PortedDirection DirectionOf(std::string_view name);

// Returns whether the name of a change list has only words that name no part of the registry:
// dates, a GUID, `changes`, `national` and the like. Any unknown word may be a state or an area
// code.
bool NamesNoPart(std::string_view name);

}  // namespace dnc
