// What a scrub of a file found: the columns that are added to each row, and the summary of all.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "dnc/v1/verdict.pb.h"
#include "tools/dncctl/scrub_file.h"

namespace dnc::cli {

class ScrubSummary {
 public:
  void CountRow(v1::Verdict verdict) { ++verdicts_[verdict]; }
  // A text that was asked, with its answer.
  void CountNumber(const std::string& text, const v1::NumberResult& result);
  void CountBlankLine() { ++blank_lines_; }
  void AddSnapshot(const v1::Snapshot& snapshot);
  uint64_t rows() const;

  // INVALID_ARGUMENT if there are rows, and fewer than one in ten of their numbers could be read:
  // then it is the wrong column, or no table at all.
  absl::Status CheckReadable() const;

  // Tells people on stderr.
  void Print(const std::string& output, absl::Duration took) const;
  nlohmann::ordered_json ToJson(const std::string& output, absl::Duration took) const;

 private:
  std::map<int, uint64_t> verdicts_;
  uint64_t blank_lines_ = 0;
  uint64_t numbers_ = 0;  // that are not empty
  uint64_t unreadable_ = 0;
  std::string first_unreadable_;  // what the server said of it
  uint64_t first_revision_ = 0;
  v1::Snapshot last_snapshot_;
};

// The strictest verdict: one that forbids the call before CLEAR, one that a newer server gives
// before all. VERDICT_UNSPECIFIED of none.
v1::Verdict StrictestVerdict(absl::Span<const v1::NumberResult* const> results);

// The values of the columns that a scrub adds, of `number_columns` columns with numbers. `results`
// has an answer for each text of the row, at least one. The row's own columns tell of all of them:
// the strictest verdict, every reason, the earliest entry, the earliest end.
std::vector<std::string> AddedColumns(const ScrubRow& row, size_t number_columns,
                                      absl::Span<const v1::NumberResult* const> results);

}  // namespace dnc::cli
