// Sends the lines of a file to the server, and makes sure that what is an opt-out gets in.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/dncctl/import_file.h"
#include "tools/dncctl/import_report.h"
#include "tools/dncctl/progress_bar.h"
#include "tools/dncctl/session.h"
#include "tools/dncctl/watchdog.h"

namespace dnc::ctl {

// What became of the lines.
struct ImportCounts {
  uint64_t added = 0;
  uint64_t already_there = 0;
  uint64_t updated = 0;
  uint64_t over = 0;          // do-not-call requests that were not stored, as their end has passed
  uint64_t not_in_force = 0;  // of those that are stored
  uint64_t revision = 0;
  uint64_t durable_line = 0;  // all lines up to this one have been answered
  std::string tenant;         // that was written to; empty if the server does not tell
};

// One import; not thread-safe.
class ImportRun {
 public:
  // All must outlive the run. `bytes`: of the file, 0 if unknown. With Facts::kKeepWithout a record
  // that the server refuses for facts that it names is sent again without them.
  ImportRun(Session& session, ImportFile* file, Facts facts, LineReport* refused, LineReport* kept,
            ProgressBar* bar, uint64_t bytes);

  // Parts become smaller where the server takes less at once. The counts are those of what is
  // durable, also after an error.
  absl::Status Run(const std::string& list);

  const ImportCounts& counts() const { return counts_; }

 private:
  using Stream = grpc::ClientReaderWriter<v1::ImportNumbersRequest, v1::ImportNumbersResponse>;

  // A stream from its begin to its end, with all that is not answered yet.
  absl::Status Attempt(const std::string& list);
  absl::Status Parts();
  absl::Status SendNext();
  absl::Status ReadFirstAnswer();
  absl::Status ReadAnswer();
  absl::Status TakeAnswer(ImportPart part);
  absl::Status TakeRefused(ImportPart* part);
  // After an error: whether smaller parts may help, which are made then.
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
  std::deque<ImportPart> under_way_;  // sent, and not yet answered
  std::deque<ImportPart> again_;      // to be sent before further lines of the file
  bool more_ = true;                  // lines of the file
  absl::Status broken_file_;
  bool broken_ = false;
  uint64_t answered_line_ = 0;  // the last of a part that was answered
  ImportCounts counts_;
};

}  // namespace dnc::ctl
