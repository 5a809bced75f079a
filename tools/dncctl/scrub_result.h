// The result of scrubbing a file: the columns that are added to each row, and the summary.
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
  // Counts a text that was asked about, with its answer.
  void CountNumber(const std::string& text, const v1::NumberResult& result);
  void CountBlankLine() { ++blank_lines_; }
  void AddSnapshot(const v1::Snapshot& snapshot);
  uint64_t rows() const;

  // Fails with INVALID_ARGUMENT if there are rows and fewer than one in ten of their numbers could
  // be read: then it is the wrong column, or no table at all.
  absl::Status CheckReadable() const;

  // Prints the summary for people on stderr.
  void Print(const std::string& output, absl::Duration took) const;
  nlohmann::ordered_json ToJson(const std::string& output, absl::Duration took) const;

 private:
  std::map<int, uint64_t> verdicts_;
  uint64_t blank_lines_ = 0;
  uint64_t numbers_ = 0;  // texts that are not empty
  uint64_t unreadable_ = 0;
  std::string first_unreadable_;  // what the server said about it
  uint64_t first_revision_ = 0;
  v1::Snapshot last_snapshot_;
};

// Returns the strictest verdict. One that forbids the call is stricter than CLEAR, and one that
// this version does not know is the strictest. Returns VERDICT_UNSPECIFIED for no results.
v1::Verdict StrictestVerdict(absl::Span<const v1::NumberResult* const> results);

// Returns the values of the columns that a scrub adds, for `number_columns` columns with numbers.
// `results` has an answer for each text of the row, at least one. The row's own columns summarize
// all of them: the strictest verdict, every reason, the earliest entry, the earliest end.
std::vector<std::string> AddedColumns(const ScrubRow& row, size_t number_columns,
                                      absl::Span<const v1::NumberResult* const> results);

}  // namespace dnc::cli
