// Reads the FTC's flat text line by line; readers.h reads a whole text.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/formats/registry_file.h"

namespace dnc {

struct FlatRecord {
  FileKind kind = FileKind::kUnknown;
  ChangeRecord change;  // for a full list only the number is set
};

// Reads `AAA,NNNNNNN` or ten joined digits, alone (full list) or followed by `,time,A|D` (change
// list). Fails with BAD_FILE, without a line number, if it is neither or its area code is not 200
// to 999.
absl::StatusOr<FlatRecord> ParseFlatRecord(std::string_view line);

// Takes exact records `AAA,NNNNNNN` LF from the front of `text` into `out`. Stops at anything else
// and, unless `label` is 0, at another area code. Returns how many it took; adds the unassignable
// ones to `unassignable`.
size_t TakeExactRecords(std::string_view text, int label, absl::Span<Number> out,
                        size_t& unassignable);
inline constexpr size_t kExactRecordBytes = 12;

}  // namespace dnc
