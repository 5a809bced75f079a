// The FTC's flat text, line by line; readers.h reads it whole.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/formats/registry_file.h"

namespace dnc {

struct FlatRecord {
  FileKind kind = FileKind::kUnknown;
  ChangeRecord change;  // of a full list only the number is set
};

// `AAA,NNNNNNN` or ten joined digits, alone (full list) or with `,time,A|D` (change list).
// BAD_FILE without a line number if it is none, or the area code is not 200 to 999.
absl::StatusOr<FlatRecord> ParseFlatRecord(std::string_view line);

// Takes exact records `AAA,NNNNNNN` LF from the front of `text` into `out`, until one is anything
// else or, unless `label` is 0, of another area code. Returns how many; counts the unassignable.
size_t TakeExactRecords(std::string_view text, int label, absl::Span<Number> out,
                        size_t& unassignable);
inline constexpr size_t kExactRecordBytes = 12;

}  // namespace dnc
