// What is told of an import's lines: those that were refused, and those kept without a fact.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/dncctl/import_file.h"
#include "tools/dncctl/output_file.h"
#include "tools/dncctl/progress_bar.h"

namespace dnc::ctl {

// Lines of one kind, in a file of their own that can be corrected and imported again, or on stderr.
class LineReport {
 public:
  // Without a file so many lines are told.
  static constexpr uint64_t kTold = 20;

  // `line_heading` and `because_heading`: of the file's first columns. `told`: behind the number of
  // a line on stderr. `file` may be null; all must outlive the report.
  LineReport(std::string line_heading, std::string because_heading, std::string told,
             OutputFile* file, ProgressBar* bar);

  // Once, though a file is imported list by list.
  absl::Status WriteHeading(const ImportFile& import);
  // Tells them by their places in the file.
  absl::Status Tell(std::vector<ImportLine> lines);

  uint64_t count() const { return count_; }

 private:
  const std::string line_heading_;
  const std::string because_heading_;
  const std::string told_;
  OutputFile* const file_;
  ProgressBar& bar_;
  char delimiter_ = ',';
  bool has_heading_ = false;
  uint64_t count_ = 0;
};

}  // namespace dnc::ctl
