// The answers of a row as the columns that are added to it.
#pragma once

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "dnc/v1/verdict.pb.h"
#include "tools/dncctl/scrub_file.h"

namespace dnc::ctl {

// The strictest verdict: one that forbids the call before CLEAR, one that a newer server gives
// before all. VERDICT_UNSPECIFIED of none.
v1::Verdict StrictestVerdict(absl::Span<const v1::NumberResult* const> results);

// The values of the columns that a scrub adds, of `number_columns` columns with numbers. `results`
// has an answer for each text of the row, at least one. The row's own columns tell of all of them:
// the strictest verdict, every reason, the earliest entry, the earliest end.
std::vector<std::string> AddedColumns(const ScrubRow& row, size_t number_columns,
                                      absl::Span<const v1::NumberResult* const> results);

}  // namespace dnc::ctl
