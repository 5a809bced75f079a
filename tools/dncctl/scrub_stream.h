// Scrubs batches over one stream, several in flight at once.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dnc/v1/scrub_service.pb.h"
#include "tools/dncctl/scrub_file.h"
#include "tools/dncctl/session.h"

namespace dnc::cli {

// What is asked about all numbers.
struct ScrubQuestion {
  // At most one of the two may be set, as in ScrubRequest; without them the question is about now.
  std::optional<absl::Time> as_of;
  std::optional<absl::Time> as_answered_at;
  std::string scope;  // as in ScrubRequest
};

// Provides the next batch; returns false when there are no more.
using BatchSource = std::function<absl::StatusOr<bool>(ScrubBatch*)>;
// Takes a batch with its answer, which has a verdict and a result for each of its numbers.
using BatchSink = std::function<absl::Status(const ScrubBatch&, const v1::ScrubResponse&)>;

// Runs the source on the calling thread and the sink on another one; the sink gets the batches in
// the source's order. If the server takes fewer numbers at once, batches are cut at rows, and those
// without an answer are asked again. Returns OK only if every row was answered, the sink took it,
// and the server ended the stream without an error; otherwise returns the first error. At most 10
// batches are in memory.
absl::Status ScrubStream(Session& session, const ScrubQuestion& question, const BatchSource& source,
                         const BatchSink& sink);

}  // namespace dnc::cli
