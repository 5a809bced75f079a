// Reads numbers to ask about, and what is known of them, from a CSV file. The records are those of
// cli::CsvReader; only the choice of columns is its own, because here the first line is always a
// heading, while dncctl (tools/cli/table_columns.h) also takes tables without one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/dncload/workload.h"

namespace dnc::load {

// The heading names the columns. The numbers, in any usual writing, are in `column`; if that is
// empty, in the only column, or in one named phone, phone_number, number or telephone. A column
// `listed`, if there is one, tells what is known: 1 or 0, or empty for unknown. Reads the first
// `limit` numbers, `limit` > 0. Fails with NOT_FOUND, or with INVALID_ARGUMENT and the line.
absl::StatusOr<std::vector<NumberTruth>> ReadNumberFile(const std::string& path,
                                                        const std::string& column, uint64_t limit);

}  // namespace dnc::load
