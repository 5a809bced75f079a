// Scrubs batches over one stream, several in flight at once.
#pragma once

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dnc/v1/scrub_service.pb.h"
#include "tools/dncctl/scrub_file.h"
#include "tools/dncctl/session.h"

namespace dnc::ctl {

// Gives the next batch; false when there are no more.
using BatchSource = std::function<absl::StatusOr<bool>(ScrubBatch*)>;
// Takes a batch with its answer, which has a verdict and a result for each of its numbers.
using BatchSink = std::function<absl::Status(const ScrubBatch&, const v1::ScrubResponse&)>;

// Runs the source on the calling thread and the sink on another, the sink in the source's order.
// OK only if every batch was answered, the sink took it, and the server ended the stream without
// an error; else the first thing that went wrong. Memory: at most 10 batches.
absl::Status ScrubStream(Session& session, std::optional<absl::Time> as_of,
                         const BatchSource& source, const BatchSink& sink);

}  // namespace dnc::ctl
