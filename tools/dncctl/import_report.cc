#include "tools/dncctl/import_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "tools/dncctl/record_csv.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {

LineReport::LineReport(std::string line_heading, std::string because_heading, std::string told,
                       OutputFile* file, ProgressBar* bar)
    : line_heading_(std::move(line_heading)),
      because_heading_(std::move(because_heading)),
      told_(std::move(told)),
      file_(file),
      bar_(*bar) {}

absl::Status LineReport::WriteHeading(const ImportFile& import) {
  delimiter_ = import.delimiter();
  if (file_ == nullptr || has_heading_) return absl::OkStatus();
  has_heading_ = true;
  return file_->Write(fmt::format("{1}{0}{2}{0}{3}\n", delimiter_, line_heading_, because_heading_,
                                  import.heading()));
}

absl::Status LineReport::Tell(std::vector<ImportLine> lines) {
  std::sort(lines.begin(), lines.end(),
            [](const auto& one, const auto& other) { return one.line < other.line; });
  for (const ImportLine& line : lines) {
    ++count_;
    if (file_ != nullptr) {
      auto status = file_->Write(fmt::format("{1}{0}{2}{0}{3}\n", delimiter_, line.line,
                                             CsvField(line.because, delimiter_), line.raw));
      if (!status.ok()) return status;
    } else if (count_ <= kTold) {
      bar_.Clear();
      fmt::print(stderr, "line {}: {}{}\n", line.line, told_, Printable(line.because));
    }
  }
  return absl::OkStatus();
}

}  // namespace dnc::ctl
