#include "tools/dncctl/scrub_stream.h"

#include <fmt/format.h>

#include <memory>
#include <thread>
#include <utility>

#include "tools/dncctl/batch_queue.h"
#include "tools/dncctl/terminal.h"
#include "tools/dncctl/watchdog.h"

namespace dnc::ctl {
namespace {

constexpr size_t kBatchesInFlight = 8;

// An answer that isn't one for each number asked is no answer.
absl::Status CheckAnswer(size_t asked, const v1::ScrubResponse& answer) {
  const auto verdicts = static_cast<size_t>(answer.verdicts_size());
  const auto results = static_cast<size_t>(answer.results_size());
  if (verdicts != asked || results != asked) {
    return absl::InternalError(fmt::format(
        "the server answered {} verdicts and {} results for {} numbers", verdicts, results, asked));
  }
  for (int i = 0; i < answer.verdicts_size(); ++i) {
    if (answer.verdicts(i) != answer.results(i).verdict()) {
      return absl::InternalError("the server's answer contradicts itself");
    }
  }
  return absl::OkStatus();
}

class Pipeline {
 public:
  Pipeline(Session& session, const BatchSource& source, const BatchSink& sink)
      : session_(session),
        source_(source),
        sink_(sink),
        watchdog_(&context_, session.timeout()),
        stream_(Begin()),
        waiting_(kBatchesInFlight) {}

  absl::Status Run(std::optional<absl::Time> as_of) {
    std::thread reader([this] { ReadAnswers(); });
    const absl::Status written = WriteBatches(as_of);
    if (written.ok()) {
      stream_->WritesDone();
    } else {
      context_.TryCancel();
    }
    waiting_.Close();
    reader.join();
    watchdog_.BeginWait();
    const absl::Status ended = FromGrpcStatus(stream_->Finish());
    if (!written.ok()) return written;
    if (watchdog_.fired()) return session_.Explain(absl::DeadlineExceededError(""));
    if (!sink_status_.ok()) return sink_status_;
    if (!ended.ok()) return session_.Explain(ended);
    if (broken_ || cut_short_)
      return absl::UnavailableError("the server ended the stream too early");
    return absl::OkStatus();
  }

 private:
  using Stream = grpc::ClientReaderWriter<v1::ScrubStreamRequest, v1::ScrubStreamResponse>;

  // Waits for the connection.
  std::unique_ptr<Stream> Begin() {
    watchdog_.BeginWait();
    auto stream = session_.scrub().ScrubStream(&context_);
    watchdog_.EndWait();
    return stream;
  }

  // Returns errors of the source only; a broken stream ends it early.
  absl::Status WriteBatches(std::optional<absl::Time> as_of) {
    v1::ScrubStreamRequest request;
    v1::ScrubRequest& scrub = *request.mutable_scrub();
    scrub.set_detail(v1::DETAIL_FULL);
    if (as_of.has_value()) *scrub.mutable_as_of() = ToTimestamp(*as_of);
    while (true) {
      ScrubBatch batch;
      const auto more = source_(&batch);
      if (!more.ok()) return more.status();
      if (!*more) return absl::OkStatus();
      scrub.mutable_texts()->Assign(batch.texts.begin(), batch.texts.end());
      // Waiting before it is written: an answer never comes before its batch is known.
      const bool taken = waiting_.Push(std::move(batch));
      if (!taken || (!scrub.texts().empty() && !stream_->Write(request))) {
        cut_short_ = true;
        return absl::OkStatus();
      }
    }
  }

  void ReadAnswers() {
    v1::ScrubStreamResponse response;
    while (auto batch = waiting_.Pop()) {
      response.mutable_scrub()->Clear();
      // A batch of blank lines was not sent.
      if (!batch->texts.empty()) {
        watchdog_.BeginWait();
        broken_ = !stream_->Read(&response);
        watchdog_.EndWait();
        if (broken_) break;
      }
      sink_status_ = CheckAnswer(batch->texts.size(), response.scrub());
      if (sink_status_.ok()) sink_status_ = sink_(*batch, response.scrub());
      if (!sink_status_.ok()) {
        context_.TryCancel();
        break;
      }
    }
    waiting_.Close();
  }

  Session& session_;
  const BatchSource& source_;
  const BatchSink& sink_;
  grpc::ClientContext context_;
  Watchdog watchdog_;
  std::unique_ptr<Stream> stream_;
  BatchQueue<ScrubBatch> waiting_;
  bool cut_short_ = false;    // the writer's
  bool broken_ = false;       // the reader's, until it has been joined
  absl::Status sink_status_;  // the reader's, until it has been joined
};

}  // namespace

absl::Status ScrubStream(Session& session, std::optional<absl::Time> as_of,
                         const BatchSource& source, const BatchSink& sink) {
  return Pipeline(session, source, sink).Run(as_of);
}

}  // namespace dnc::ctl
