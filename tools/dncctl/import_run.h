// Sends the lines of a file to the server, and makes sure that every opt-out gets in.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/cli/output_file.h"
#include "tools/cli/progress_bar.h"
#include "tools/dncctl/import_file.h"
#include "tools/dncctl/session.h"

namespace dnc::cli {

// The outcome of the lines.
struct ImportCounts {
  uint64_t added = 0;
  uint64_t already_there = 0;
  uint64_t updated = 0;
  uint64_t over = 0;  // do-not-call requests that were not stored, because their end has passed
  uint64_t not_in_force = 0;  // stored, but not in force
  uint64_t revision = 0;
  uint64_t durable_line = 0;  // all lines up to this one have been answered
  std::string tenant;         // the tenant written to; empty if the server does not tell
};

// Reports lines of one kind, those that were refused or those that were kept without a fact: in a
// file of their own, which can be corrected and imported again, or on stderr.
class LineReport {
 public:
  // At most so many lines are reported without a file.
  static constexpr uint64_t kTold = 20;

  // `line_heading` and `because_heading` head the file's first columns; `told` follows the number
  // of a line on stderr. `file` may be null. All must outlive the report.
  LineReport(std::string line_heading, std::string because_heading, std::string told,
             OutputFile* file, ProgressBar* bar);

  // Writes the heading only once, though a file is imported list by list.
  absl::Status WriteHeading(const ImportFile& import);
  // Reports the lines in the order of the file.
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

// One import; not thread-safe.
class ImportRun {
 public:
  // All arguments must outlive the run. `bytes` is the file's size, 0 if unknown. With
  // Facts::kKeepWithout, a record that the server refuses because of facts that it names is sent
  // again without them.
  ImportRun(Session& session, ImportFile* file, Facts facts, LineReport* refused, LineReport* kept,
            ProgressBar* bar, uint64_t bytes);

  // Makes parts smaller if the server takes less at once. The counts are those of what is durable,
  // even after an error.
  absl::Status Run(const std::string& list);

  const ImportCounts& counts() const { return counts_; }

 private:
  using Stream = grpc::ClientReaderWriter<v1::ImportNumbersRequest, v1::ImportNumbersResponse>;

  // Runs a stream from its beginning to its end, with everything that is not answered yet.
  absl::Status Attempt(const std::string& list);
  absl::Status Parts();
  absl::Status SendNext();
  absl::Status ReadFirstAnswer();
  absl::Status ReadAnswer();
  absl::Status TakeAnswer(ImportPart part);
  absl::Status TakeRefused(ImportPart* part);
  // Makes parts smaller after an error. Returns false if that cannot help.
  bool Shrink(const absl::Status& status);
  uint64_t DurableLine() const;
  absl::Status Broken();

  Session& session_;
  ImportFile& file_;
  const Facts facts_;
  LineReport& refused_;
  LineReport& kept_;
  ProgressBar& bar_;
  const uint64_t bytes_;
  PartLimits limits_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<Watchdog> watchdog_;
  std::unique_ptr<Stream> stream_;
  v1::ImportNumbersResponse answer_;
  std::deque<ImportPart> under_way_;  // sent but not yet answered
  std::deque<ImportPart> again_;      // to be sent before further lines of the file
  bool more_ = true;                  // the file has more lines
  absl::Status broken_file_;
  bool broken_ = false;
  uint64_t answered_line_ = 0;  // the last line of a part that was answered
  ImportCounts counts_;
};

}  // namespace dnc::cli
