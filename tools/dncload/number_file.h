// Numbers to ask about from a CSV file, with what is known of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/dncload/workload.h"

namespace dnc::load {

// The heading names the columns: the numbers stand in `column`, in any usual writing; empty: in the
// only column, or one named phone, phone_number, number or telephone. If there is a column `listed`
// it tells what is known: 1 or 0, empty for unknown. Reads the first `limit` numbers, `limit` > 0.
// Errors: NOT_FOUND; INVALID_ARGUMENT with the line.
absl::StatusOr<std::vector<NumberTruth>> ReadNumberFile(const std::string& path,
                                                        const std::string& column, uint64_t limit);

}  // namespace dnc::load
