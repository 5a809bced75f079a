// What a scrub of a file found.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/time/time.h"
#include "dnc/v1/verdict.pb.h"

namespace dnc::ctl {

class ScrubSummary {
 public:
  void CountRow(v1::Verdict verdict) { ++verdicts_[verdict]; }
  void CountBlankLine() { ++blank_lines_; }
  void AddSnapshot(const v1::Snapshot& snapshot);
  uint64_t rows() const;

  // For people, on stderr.
  void Print(const std::string& output, absl::Duration took) const;
  nlohmann::ordered_json ToJson(const std::string& output, absl::Duration took) const;

 private:
  std::map<int, uint64_t> verdicts_;
  uint64_t blank_lines_ = 0;
  uint64_t first_revision_ = 0;
  v1::Snapshot last_snapshot_;
};

}  // namespace dnc::ctl
